#include "server/pollster.h"

#include <fmt/format.h>

#include <cmath>

#include "base/json.h"
#include "base/log.h"
#include "server/database.h"

namespace server {

namespace {

using base::Json;
using base::Result;

constexpr std::chrono::milliseconds kLooksAtClock{500};
// No reference has this name: a repository may have none at all.
constexpr const char* kSeenAtAll = "";
Json repository_json(const RepositoryConfig& repository) {
  return {{"full_name", repository.name}, {"default_branch", repository.default_branch}};
}

}  // namespace

Result<std::unique_ptr<Pollster>> Pollster::start(const base::Path& state_folder, const Config& config,
                                                  Mirrors& mirrors, DeliveryInbox& inbox,
                                                  base::Clock& clock) {
  TRY(auto database, open_database(state_folder));
  return std::unique_ptr<Pollster>(new Pollster(std::move(database), config, mirrors, inbox, clock));
}

Pollster::Pollster(runner::Sqlite database, const Config& config, Mirrors& mirrors, DeliveryInbox& inbox,
                   base::Clock& clock)
    : database_(std::move(database)),
      config_(config),
      mirrors_(mirrors),
      inbox_(inbox),
      clock_(clock),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Pollster::~Pollster() {
  thread_.request_stop();
}

void Pollster::run(const std::stop_token& stop) {
  const auto complain = [](const Result<void>& done) {
    if (!done) base::log(base::LogLevel::warning, done.error().to_string());
  };
  while (!stop.stop_requested()) {
    for (const auto& repository : config_.repositories) {
      if (stop.stop_requested()) return;
      auto [entry, first] = known_.try_emplace(repository.name);
      auto& known = entry->second;
      const bool polls = repository.poll_seconds > 0 && (first || clock_.steady_now() >= known.poll_at);
      if (polls || (first && !base::exists(mirrors_.path_of(repository) / "HEAD"))) {
        complain(poll(repository, stop));
        known.poll_at = clock_.steady_now() + std::chrono::seconds(repository.poll_seconds);
      }
      complain(fire_schedules(repository, known));
    }
    if (!clock_.sleep_for(kLooksAtClock, stop)) return;
  }
}

// A repository that is seen for the first time has had its pushes already.
Result<void> Pollster::poll(const RepositoryConfig& repository, const std::stop_token& stop) {
  TRY(mirrors_.update(repository, {}, stop));
  if (repository.poll_seconds == 0) return {};
  std::map<std::string, std::string> seen;
  TRY(database_.each("reading what was polled", "SELECT ref, sha FROM seen_refs WHERE repository = ?1",
                     {repository.name}, [&](const auto& row) { seen[row.text(0)] = row.text(1); }));
  TRY(const auto references, base::list_mirror_references(mirrors_.path_of(repository), "refs/"));
  const bool is_first = seen.erase(kSeenAtAll) == 0;
  for (const auto& reference : references) {
    if (!reference.name.starts_with("refs/heads/") && !reference.name.starts_with("refs/tags/")) continue;
    const auto before = seen.find(reference.name);
    const bool is_same = before != seen.end() && before->second == reference.commit;
    const auto old = before == seen.end() ? std::string(40, '0') : before->second;
    seen.erase(reference.name);
    if (is_same) continue;
    if (!is_first) TRY(tell_of_push(repository, reference, old));
    TRY(database_.run("noting what was polled",
                      "INSERT INTO seen_refs (repository, ref, sha) VALUES (?1, ?2, ?3) ON CONFLICT "
                      "(repository, ref) DO UPDATE SET sha = excluded.sha",
                      {repository.name, reference.name, reference.commit}));
  }
  TRY(database_.run("noting that it was polled",
                    "INSERT INTO seen_refs (repository, ref, sha) VALUES (?1, ?2, '') ON CONFLICT DO NOTHING",
                    {repository.name, std::string(kSeenAtAll)}));
  for (const auto& [gone, sha] : seen) {
    TRY(database_.run("forgetting a branch", "DELETE FROM seen_refs WHERE repository = ?1 AND ref = ?2",
                      {repository.name, gone}));
  }
  return {};
}

Result<void> Pollster::tell_of_push(const RepositoryConfig& repository,
                                    const base::MirrorReference& reference, const std::string& before) {
  TRY(const auto message, base::message_of_commit(mirrors_.path_of(repository), reference.commit));
  const Json payload = {{"ref", reference.name},
                        {"before", before},
                        {"after", reference.commit},
                        {"created", before.find_first_not_of('0') == std::string::npos},
                        {"deleted", false},
                        {"head_commit", {{"id", reference.commit}, {"message", message}}},
                        {"repository", repository_json(repository)},
                        {"sender", {{"login", "poll"}}}};
  return keep("poll",
              {.guid = fmt::format("{} {} {} {}", repository.name, reference.name, before, reference.commit),
               .event = "push",
               .repository = repository.name,
               .payload = base::to_text(payload)});
}

Result<void> Pollster::fire_schedules(const RepositoryConfig& repository, Known& known) {
  const auto mirror = mirrors_.path_of(repository);
  if (!base::exists(mirror / "HEAD")) return {};
  TRY(const auto head, base::find_commit(mirror, "refs/heads/" + repository.default_branch));
  if (!head) return {};
  if (known.head != *head) {
    TRY(known.schedules, schedules_at(mirror, *head));
    known.head = *head;
  }
  for (const auto& line : known.schedules) TRY(fire_if_due(repository, line));
  return {};
}

// Of the times that passed while nobody looked one is made up for, and no other.
Result<void> Pollster::fire_if_due(const RepositoryConfig& repository, const ScheduleLine& line) {
  const auto now = static_cast<std::int64_t>(std::floor(base::to_epoch_seconds(clock_.now())));
  TRY(const auto due, due_tick(database_, repository.name, line, now));
  if (due) {
    const Json payload = {{"schedule", line.cron},
                          {"repository", repository_json(repository)},
                          {"sender", {{"login", "schedule"}}},
                          {"due", *due}};
    TRY(keep("schedule", {.guid = fmt::format("{} {} {} {}", repository.name, line.cron, line.zone, *due),
                          .event = "schedule",
                          .repository = repository.name,
                          .payload = base::to_text(payload)}));
  }
  return note_next_tick(database_, repository.name, line, now);
}

Result<void> Pollster::keep(std::string_view source, Hook hook) {
  TRY(inbox_.keep(source, hook, base::to_epoch_seconds(clock_.now())));
  return {};
}

}  // namespace server
