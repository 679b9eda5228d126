#include "server/triage.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/log.h"
#include "server/database.h"
#include "server/rerequest.h"

namespace server {

namespace {

using base::Result;

constexpr const char* kDeliveryColumns = "id, forge, guid, event, repository, received, state, verdict";
constexpr std::int64_t kMostAtOnce = 64;
constexpr int kMostTries = 6;
constexpr std::chrono::seconds kTriesAgainAfter{5};
constexpr int kMostDeliveries = 500;

Delivery delivery_of(const runner::Sqlite::Row& row) {
  return {.id = row.integer(0),
          .source = row.text(1),
          .guid = row.text(2),
          .event = row.text(3),
          .repository = row.text(4),
          .received = row.number(5),
          .state = row.text(6),
          .verdict = row.text(7)};
}

}  // namespace

Result<std::unique_ptr<Triage>> Triage::start(const base::Path& state_folder, const Config& config,
                                              Mirrors& mirrors, AttemptQueue& queue,
                                              std::function<void()> on_queued) {
  TRY(auto database, open_database(state_folder));
  return std::unique_ptr<Triage>(
      new Triage(std::move(database), config, mirrors, queue, std::move(on_queued)));
}

Triage::Triage(runner::Sqlite database, const Config& config, Mirrors& mirrors, AttemptQueue& queue,
               std::function<void()> on_queued)
    : database_(std::move(database)),
      config_(config),
      mirrors_(mirrors),
      queue_(queue),
      on_queued_(std::move(on_queued)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Triage::~Triage() {
  thread_.request_stop();
}

void Triage::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

void Triage::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (settle_some(stop)) continue;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, kTriesAgainAfter, [this] { return woken_; });
    woken_ = false;
  }
}

// Whether there may be more to do at once.
bool Triage::settle_some(const std::stop_token& stop) {
  const auto deliveries = next();
  if (!deliveries) {
    base::log(base::LogLevel::error, deliveries.error().to_string());
    return false;
  }
  bool any = false;
  for (const auto& delivery : *deliveries) {
    if (stop.stop_requested()) return false;
    const auto settled = settle(delivery, stop);
    if (!settled) base::log(base::LogLevel::error, settled.error().to_string());
    any = any || (settled && *settled);
  }
  return any;
}

Result<std::vector<Delivery>> Triage::next() {
  std::vector<Delivery> found;
  TRY(database_.each(
      "looking for deliveries",
      fmt::format("SELECT {}, body FROM deliveries WHERE state = 'received' ORDER BY id LIMIT ?1",
                  kDeliveryColumns)
          .c_str(),
      {kMostAtOnce}, [&](const auto& row) {
        found.push_back(delivery_of(row));
        found.back().body = row.text(8);
      }));
  return found;
}

// False: it could not be judged, and is tried again.
Result<bool> Triage::settle(const Delivery& delivery, const std::stop_token& stop) {
  auto judgement = judge(delivery, config_, mirrors_, stop);
  if (judgement) TRY(add_reruns(delivery, queue_, *judgement));
  if (!judgement) {
    if (stop.stop_requested()) return false;
    base::log(base::LogLevel::warning, judgement.error().to_string());
    const int tries = ++tries_[delivery.id];
    if (tries < kMostTries) return false;
    const auto why = fmt::format("not judged after {} tries: {}", tries, judgement.error().message);
    judgement = Judgement{.verdict = {.outcome = Outcome::failed, .reason = why}};
  }
  tries_.erase(delivery.id);
  auto& verdict = judgement->verdict;
  auto order = judgement->orders.begin();
  for (auto& workflow : verdict.workflows) {
    if (!workflow.runs) continue;
    TRY(const auto added, queue_.add(*order++));
    workflow.run = added.id;
    if (added.is_new || added.delivery == delivery.id) {
      verdict.outcome = Outcome::started;
      continue;
    }
    if (verdict.outcome == Outcome::nothing) verdict.outcome = Outcome::duplicate;
    workflow.runs = false;
    workflow.why = fmt::format("delivery {} told of the same, and it runs for that one", added.delivery);
  }
  TRY(database_.run("writing a verdict", "UPDATE deliveries SET state = 'done', verdict = ?2 WHERE id = ?1",
                    {delivery.id, base::to_text(to_json(verdict))}));
  base::log(base::LogLevel::info, fmt::format("delivery {} of {} ({}): {}", delivery.id, delivery.repository,
                                              delivery.event, verdict.reason));
  if (!judgement->orders.empty()) on_queued_();
  return true;
}

Result<Delivery> find_delivery(runner::Sqlite& database, std::int64_t id) {
  std::optional<Delivery> found;
  TRY(database.each("looking for a delivery",
                    fmt::format("SELECT {}, body FROM deliveries WHERE id = ?1", kDeliveryColumns).c_str(),
                    {id}, [&](const auto& row) {
                      found = delivery_of(row);
                      found->body = row.text(8);
                    }));
  if (found) return *std::move(found);
  return base::make_error(base::ErrorKind::not_found, fmt::format("there is no delivery {}", id));
}

Result<std::vector<Delivery>> list_deliveries(runner::Sqlite& database, std::int64_t before, int limit) {
  std::vector<Delivery> found;
  TRY(database.each("listing deliveries",
                    fmt::format("SELECT {} FROM deliveries WHERE ?1 = 0 OR id < ?1 ORDER BY id DESC LIMIT ?2",
                                kDeliveryColumns)
                        .c_str(),
                    {before, std::int64_t{std::clamp(limit, 1, kMostDeliveries)}},
                    [&](const auto& row) { found.push_back(delivery_of(row)); }));
  return found;
}

}  // namespace server
