#include "server/workers.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/strings.h"
#include "server/retention.h"

namespace server {

namespace {

using base::Result;

constexpr std::chrono::milliseconds kLooksAfterAgain{200};
constexpr int kMostRunning = 500;

void complain_of(const base::Error& error) {
  base::log(base::LogLevel::error, error.to_string());
}

}  // namespace

Result<std::unique_ptr<Workers>> Workers::start(WorkerOptions options, AttemptQueue& queue) {
  TRY(auto identity, identity_of(::getpid(), options.boot_id));
  return std::unique_ptr<Workers>(new Workers(std::move(options), queue, std::move(identity)));
}

Workers::Workers(WorkerOptions options, AttemptQueue& queue, std::string identity)
    : options_(std::move(options)),
      queue_(queue),
      identity_(std::move(identity)),
      state_{.name = options_.name, .labels = options_.labels, .capacity = options_.capacity},
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Workers::~Workers() {
  thread_.request_stop();
}

void Workers::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

WorkerState Workers::state() {
  const std::lock_guard lock(mutex_);
  return state_;
}

void Workers::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    wait_for_children();
    auto running = look_after_runs();
    if (!running) complain_of(running.error());
    const auto pauses = why_it_pauses();
    if (running && pauses.empty()) running = claim_some(*running);
    if (!running) complain_of(running.error());
    std::unique_lock lock(mutex_);
    if (running) state_.running = *running;
    if (state_.pauses != pauses && !pauses.empty())
      base::log(base::LogLevel::error, "no run is begun: " + pauses);
    state_.pauses = pauses;
    changed_.wait_for(lock, stop, kLooksAfterAgain, [this] { return woken_; });
    woken_ = false;
  }
}

// Only for those of ours: others belong to whoever started them.
void Workers::wait_for_children() {
  std::erase_if(children_, [](const auto& child) {
    int status = 0;
    return ::waitpid(child.first, &status, WNOHANG) != 0;
  });
}

// How many are at work.
Result<int> Workers::look_after_runs() {
  TRY(const auto running, queue_.list({.state = AttemptState::running, .limit = kMostRunning}));
  int count = 0;
  for (const auto& attempt : running) {
    const auto life = look_at(attempt.process, options_.boot_id);
    if (life == ProcessLife::alive) {
      if (!attempt.rests) ++count;
      continue;
    }
    const auto loss = life == ProcessLife::other_boot ? Loss::host : Loss::process;
    TRY(const auto next, queue_.give_up(attempt, loss));
    base::log(base::LogLevel::warning, fmt::format("run {} was lost with its {}{}", attempt.id,
                                                   loss == Loss::host ? "host" : "supervisor",
                                                   next ? fmt::format("; run {} tries again", *next) : ""));
    if (options_.clean_up) options_.clean_up();
  }
  return count;
}

std::string Workers::why_it_pauses() const {
  if (room_left(options_.state_folder) >= options_.least_disk) return "";
  return fmt::format("{} has less than {} left", options_.state_folder.string(),
                     base::format_bytes(options_.least_disk));
}

// How many are at work then.
Result<int> Workers::claim_some(int running) {
  while (true) {
    TRY(const auto attempt, queue_.claim({.owner = options_.name,
                                          .process = identity_,
                                          .labels = options_.labels,
                                          .capacity = options_.capacity}));
    if (!attempt) return running;
    TRY(start_one(*attempt));
    ++running;
  }
}

Result<void> Workers::start_one(const Attempt& attempt) {
  const auto pid = options_.start_supervisor(attempt);
  if (!pid) {
    TRY(queue_.finish(attempt.id, attempt.fence, "error", pid.error().to_string()));
    return {};
  }
  children_[*pid] = attempt.id;
  base::log(base::LogLevel::info,
            fmt::format("run {} of {} begins: {} at {:.7}, process {}, fence {}", attempt.id,
                        attempt.repository, attempt.workflow, attempt.sha, *pid, attempt.fence));
  // One that has ended by now left nothing to hand over: it is found to be gone.
  const auto identity = identity_of(*pid, options_.boot_id);
  TRY(queue_.hand_over(attempt.id, attempt.fence,
                       identity ? *identity : fmt::format("{} 0 {}", *pid, options_.boot_id)));
  return {};
}

}  // namespace server
