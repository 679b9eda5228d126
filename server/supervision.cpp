#include "server/supervision.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/log.h"
#include "server/deploy_intent.h"
#include "server/process_identity.h"

namespace server {

namespace {

using base::Result;

constexpr double kLeaseSeconds = 60;
constexpr std::chrono::seconds kRenewal{15};
constexpr std::chrono::milliseconds kLooksAgain{200};

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
  return std::unique_ptr<Supervision>(
      new Supervision(std::move(options), std::move(queue), std::move(attempt)));
}

Supervision::Supervision(SupervisionOptions options, std::unique_ptr<AttemptQueue> queue, Attempt attempt)
    : options_(std::move(options)),
      queue_(std::move(queue)),
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
}

Result<void> Supervision::before_job(const workflow::Job& job) {
  const auto deployment = deployment_of(job);
  if (!deployment) return {};
  return unless_lost(queue_->note_intent(options_.attempt, options_.fence, *deployment));
}

Result<void> Supervision::finish(const std::string& conclusion, const std::string& reason) {
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
