#include <fmt/format.h>

#include <mutex>

#include "base/crypto.h"
#include "base/json.h"
#include "server/api.h"
#include "server/api_answer.h"
#include "server/database.h"
#include "server/run_json.h"
#include "server/triage.h"

namespace server {

namespace {

using base::Json;
using base::Result;

constexpr int kMostDeliveriesOnPage = 200;
constexpr std::chrono::milliseconds kLooksForVerdict{20};
constexpr std::chrono::seconds kWaitsForVerdict{20};

class DeliveryApi {
 public:
  DeliveryApi(const ApiParts& parts, runner::Sqlite database)
      : parts_(parts), database_(std::move(database)) {}

  Result<Json> list(const Call& call) {
    const auto limit = page_limit(call, kMostDeliveriesOnPage);
    const std::lock_guard lock(mutex_);
    TRY(const auto found, list_deliveries(database_, number_in(call, "before", 0), limit));
    Json deliveries = Json::array();
    for (const auto& delivery : found) deliveries.push_back(delivery_json(delivery));
    Json page = {{"deliveries", std::move(deliveries)}};
    if (static_cast<int>(found.size()) == limit) page["next"] = found.back().id;
    return page;
  }

  Result<Json> show(const Call& call) {
    TRY(const auto delivery, find(call.number("id")));
    TRY(auto payload, base::parse_json(delivery.body));
    return Json{{"delivery", delivery_json(delivery)}, {"payload", std::move(payload)}};
  }

  // A delivery of its own, which is judged anew, and by which what ran already runs again.
  Result<Json> redeliver(const Call& call) {
    TRY(const auto delivery, find(call.number("id")));
    TRY(const auto id,
        keep({.event = delivery.event, .repository = delivery.repository, .payload = delivery.body}));
    TRY(const auto kept, find(id));
    return Json{{"delivery", delivery_json(kept)}};
  }

  Result<Json> dispatch(const Call& call) {
    TRY(const auto body, json_body(call));
    const auto name = base::json_string(body, "repository");
    const auto* repository = parts_.config.find_repository(name);
    if (repository == nullptr)
      return base::invalid_input(fmt::format("the configuration has no repository '{}'", name));
    const auto workflow = base::json_string(body, "workflow");
    if (workflow.empty()) return base::invalid_input("expected `workflow`: a file");
    const auto& inputs = base::json_member(body, "inputs");
    const Json payload = {
        {"workflow", workflow},
        {"ref", base::json_string(body, "ref", "refs/heads/" + repository->default_branch)},
        {"inputs", inputs.is_object() ? inputs : Json::object()},
        {"repository", {{"full_name", repository->name}, {"default_branch", repository->default_branch}}},
        {"sender", {{"login", who_asks(call)}}}};
    TRY(const auto id, keep({.event = "workflow_dispatch",
                             .repository = repository->name,
                             .payload = base::to_text(payload)}));
    return run_of(id, workflow);
  }

 private:
  Result<Delivery> find(std::int64_t id) {
    const std::lock_guard lock(mutex_);
    return find_delivery(database_, id);
  }

  Result<std::int64_t> keep(Hook hook) {
    hook.guid = base::random_uuid();
    TRY(const auto kept, parts_.inbox.keep("api", hook, base::to_epoch_seconds(base::system_clock().now())));
    return kept.id;
  }

  // The run that a dispatch started; why not, when it did not.
  Result<Json> run_of(std::int64_t id, const std::string& workflow) {
    auto& clock = base::system_clock();
    const auto deadline = clock.steady_now() + kWaitsForVerdict;
    TRY(auto delivery, find(id));
    while (delivery.state != "done") {
      if (clock.steady_now() > deadline) {
        return base::make_error(base::ErrorKind::unavailable,
                                fmt::format("delivery {} is not judged yet; it will be", id));
      }
      clock.sleep_for(kLooksForVerdict, {});
      TRY(delivery, find(id));
    }
    TRY(const auto verdict, base::parse_json(delivery.verdict));
    std::string why = base::json_string(verdict, "reason");
    for (const auto& one : base::json_member(verdict, "workflows")) {
      if (const auto run = base::json_integer(one, "run"); run != 0) {
        TRY(const auto attempt, parts_.queue.find(run));
        return Json{{"run", run_json(attempt)}};
      }
      const auto file = base::json_string(one, "workflow");
      if (file == workflow || base::Path(file).filename() == workflow) why = base::json_string(one, "why");
    }
    return base::invalid_input(fmt::format("{} was not started: {}", workflow, why));
  }

  ApiParts parts_;
  std::mutex mutex_;
  runner::Sqlite database_;
};

}  // namespace

Result<void> add_delivery_api(Routes& routes, const ApiParts& parts) {
  TRY(auto database, open_database(parts.state_folder));
  const auto api = std::make_shared<DeliveryApi>(parts, std::move(database));
  add_answer(routes, "GET", "/api/deliveries", [api](const Call& call) { return api->list(call); });
  add_answer(routes, "GET", "/api/deliveries/{id}", [api](const Call& call) { return api->show(call); });
  add_answer(routes, "POST", "/api/deliveries/{id}/redeliver",
             [api](const Call& call) { return api->redeliver(call); });
  add_answer(routes, "POST", "/api/dispatch", [api](const Call& call) { return api->dispatch(call); });
  return {};
}

}  // namespace server
