#include "server/supervision.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "server/database.h"
#include "server/deploy_intent.h"
#include "server/process_identity.h"

namespace server {

namespace {

using base::Result;

constexpr double kLeaseSeconds = 60;
constexpr std::chrono::seconds kRenewal{15};
constexpr std::chrono::milliseconds kLooksAgain{200};

Report deployment_report(const Attempt& attempt, const std::string& job, const std::string& environment) {
  return {.kind = ReportKind::deployment,
          .id = fmt::format("{}/{}", attempt_report_id(attempt.id), job),
          .repository = attempt.repository,
          .sha = attempt.sha,
          .name = attempt.name,
          .state = "in_progress",
          .title = "Running",
          .environment = environment};
}

// In GitHub's words ("Create a deployment status").
std::string deployment_state(const std::string& conclusion) {
  return conclusion == "success" || conclusion == "failure" ? conclusion : "error";
}

}  // namespace

Result<std::unique_ptr<Supervision>> Supervision::begin(SupervisionOptions options) {
  TRY(auto queue, open_sqlite_attempt_queue(options.state_folder, base::system_clock()));
  TRY(auto attempt, queue->find(options.attempt));
  TRY(const auto identity, identity_of(::getpid(), options.boot_id));
  TRY(const auto held, queue->hand_over(options.attempt, options.fence, identity));
  if (!held) {
    return base::make_error(
        base::ErrorKind::denied,
        fmt::format("run {} is not for this process: its fence {} is past", options.attempt, options.fence));
  }
  TRY(auto database, open_database(options.state_folder));
  return std::unique_ptr<Supervision>(
      new Supervision(std::move(options), std::move(queue), std::move(database), std::move(attempt)));
}

Supervision::Supervision(SupervisionOptions options, std::unique_ptr<AttemptQueue> queue,
                         runner::Sqlite database, Attempt attempt)
    : options_(std::move(options)),
      queue_(std::move(queue)),
      database_(std::move(database)),
      attempt_(std::move(attempt)),
      watcher_([this](const std::stop_token& stop) { watch(stop); }) {}

Result<void> Supervision::unless_lost(Result<bool> held) const {
  TRY(const bool is_held, std::move(held));
  if (is_held) return {};
  return base::make_error(base::ErrorKind::denied,
                          fmt::format("run {} was given to another process meanwhile", options_.attempt));
}

Result<void> Supervision::run_began(const runner::RunRecord& run, const workflow::Plan& plan,
                                    const base::Path& run_folder) {
  TRY(auto outline, OutlineWriter::open(run_folder));
  outline_ = std::move(outline);
  outline_->write_plan(plan, run.attempt);
  began_ = true;
  return unless_lost(queue_->begin(options_.attempt, options_.fence,
                                   {.run_id = run.id, .number = run.number, .attempt = run.attempt}));
}

void Supervision::on_event(const runner::RunEvent& event) {
  if (outline_) (*outline_)(event);
  note_work(event);
  note_deployment(event);
}

// A run whose jobs all wait for a concurrency group or an approval leaves its place to others.
void Supervision::note_work(const runner::RunEvent& event) {
  if (event.type == "job_started") {
    at_work_.insert(event.job);
    waiting_.erase(event.job);
    waiting_.erase("");
  } else if (event.type == "job_finished") {
    at_work_.erase(event.job);
    waiting_.erase(event.job);
  } else if (event.type == "run_waiting" || event.type == "job_waiting") {
    waiting_.insert(event.job);
  } else {
    return;
  }
  if (!at_work_.empty() || waiting_.empty() || rests_) return;
  const auto rested = queue_->rest(options_.attempt, options_.fence);
  if (!rested) base::log(base::LogLevel::warning, rested.error().to_string());
  rests_ = rested && *rested;
}

// To the forge a job with an environment is a deployment of its commit.
void Supervision::note_deployment(const runner::RunEvent& event) {
  if (event.type == "deployment_finished") note_end_of_deployment(*event.details);
  const auto found = deployments_.find(event.job);
  if (event.type == "environment_entered" && base::json_bool(*event.details, "deployment")) {
    auto report = deployment_report(attempt_, event.job, base::json_string(*event.details, "name"));
    if (!options_.external_url.empty())
      report.details_url = fmt::format("{}/runs/{}", options_.external_url, attempt_.id);
    tell(deployments_[event.job] = std::move(report));
  } else if (found != deployments_.end() && event.type == "environment") {
    const auto url = base::json_string(*event.details, "url");
    if (url.starts_with("http://") || url.starts_with("https://")) found->second.environment_url = url;
  } else if (found != deployments_.end() && event.type == "job_finished") {
    found->second.state = deployment_state(event.text);
    found->second.title = "Ended: " + event.text;
    tell(found->second);
    deployments_.erase(found);
  }
}

// A run goes on whatever the forge gets to know of it.
void Supervision::tell(const Report& report) {
  const auto put = outbox_.put(report, base::to_epoch_seconds(base::system_clock().now()));
  if (!put) base::log(base::LogLevel::warning, put.error().to_string());
}

// Several jobs may begin at once: they ask for the same place.
Result<void> Supervision::go_on(const std::stop_token& stop) {
  while (rests_ && !stop.stop_requested()) {
    TRY(const auto resumed, queue_->resume(options_.attempt, options_.fence, options_.capacity));
    rests_ = !resumed;
    if (rests_) (void)base::system_clock().sleep_for(kLooksAgain, stop);
  }
  return {};
}

Result<void> Supervision::before_job(const workflow::Job& job, const std::stop_token& stop) {
  TRY(go_on(stop));
  const auto deployment = deployment_of(job);
  if (!deployment) return {};
  return unless_lost(queue_->note_intent(options_.attempt, options_.fence, *deployment));
}

// Nobody knows what serves after these: no "failure" that a program may answer by another try.
void Supervision::note_end_of_deployment(const base::Json& details) {
  const auto status = base::json_string(details, "status");
  if (status != "UNKNOWN" && status != "ROLLBACK_FAILED") return;
  for_a_person_ =
      fmt::format("look at deployment {} of service {} in {}: it ended as {}",
                  base::json_string(details, "deployment_id"), base::json_string(details, "service"),
                  base::json_string(details, "cluster"), status);
}

Result<void> Supervision::finish(const std::string& conclusion, const std::string& reason) {
  if (conclusion == "failure" && !for_a_person_.empty())
    return unless_lost(queue_->finish(options_.attempt, options_.fence, "needs_human", for_a_person_));
  TRY(const auto attempt, queue_->find(options_.attempt));
  if (conclusion == "error" && !attempt.intent.empty()) {
    const auto why = fmt::format("{}, after it had begun {}: see how far that went before you run it again",
                                 reason, attempt.intent);
    return unless_lost(queue_->finish(options_.attempt, options_.fence, "needs_human", why));
  }
  return unless_lost(queue_->finish(options_.attempt, options_.fence, conclusion, reason));
}

// A database that cannot be asked takes nothing away: others get this run only when this process is gone.
void Supervision::watch(const std::stop_token& stop) {
  auto& clock = base::system_clock();
  auto renew_at = clock.steady_now();
  bool told = false;
  while (!stop.stop_requested()) {
    if (clock.steady_now() >= renew_at) {
      renew_at = clock.steady_now() + kRenewal;
      const auto held = queue_->heartbeat(options_.attempt, options_.fence, kLeaseSeconds);
      if (!held) base::log(base::LogLevel::warning, held.error().to_string());
      if (held && !*held) return options_.on_lost();
    }
    if (began_) outline_->flush();
    const auto by = queue_->who_cancelled(options_.attempt);
    if (by && !by->empty() && !told) {
      told = true;
      options_.on_cancel();
    }
    if (!clock.sleep_for(kLooksAgain, stop)) return;
  }
}

}  // namespace server
