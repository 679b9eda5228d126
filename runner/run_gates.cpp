#include "runner/run_gates.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/strings.h"

namespace runner {

namespace {

// How soon a place that became free is seen; each look is a short query.
constexpr std::chrono::milliseconds kLookEvery{100};

TurnAnswer answer_of(base::Result<TurnAnswer> turn) {
  if (turn) return *std::move(turn);
  return {Turn::failed, turn.error().to_string()};
}

}  // namespace

RunGates::RunGates(GateOptions options, ConcurrencyGroups groups, Approvals approvals)
    : options_(std::move(options)), groups_(std::move(groups)), approvals_(std::move(approvals)) {
  watcher_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
}

RunGates::~RunGates() {
  watcher_.request_stop();
  watcher_.join();
  if (auto left = groups_.leave_all(options_.run_id); !left)
    base::log(base::LogLevel::warning, left.error().to_string());
}

base::Result<std::unique_ptr<RunGates>> RunGates::open(GateOptions options) {
  TRY(auto groups, ConcurrencyGroups::open(options.state_folder));
  TRY(auto approvals, Approvals::open(options.state_folder));
  // Of an earlier attempt whose runner was killed.
  TRY(groups.leave_all(options.run_id));
  return std::unique_ptr<RunGates>(new RunGates(std::move(options), std::move(groups), std::move(approvals)));
}

base::Result<std::optional<GroupRequest>> RunGates::request_of(const workflow::Node& node,
                                                               const workflow::Scope& scope) const {
  if (!node.present()) return std::optional<GroupRequest>();
  TRY(const auto group, workflow::evaluate_node(node.is_mapping() ? node["group"] : node, scope));
  if (group.to_text().empty()) return std::optional<GroupRequest>();
  GroupRequest request{
      .repository = options_.repository, .group = group.to_text(), .run_id = options_.run_id};
  TRY(request.cancel_in_progress, workflow::evaluate_boolean(node["cancel-in-progress"], false, scope));
  if (node["queue"].text == "max") request.queue = GroupQueue::max;
  if (request.queue == GroupQueue::max && request.cancel_in_progress)
    return base::invalid_input("'queue: max' and 'cancel-in-progress: true' exclude each other");
  return std::optional(std::move(request));
}

base::Result<TurnAnswer> RunGates::begin(const std::string& key, const workflow::Node& concurrency,
                                         const workflow::Node& environment, const workflow::Scope& scope,
                                         const std::vector<std::string>& above) {
  Waiting waiting;
  if (environment.present()) {
    TRY(waiting.environment, environment_name(environment, scope));
  }
  TRY(auto request, request_of(concurrency, scope));
  if (request) {
    request->job = key;
    waiting.group = base::to_lower(request->group);
    auto holders = above;
    if (!key.empty()) holders.emplace_back();
    for (const auto& holder : holders) {
      const auto found = entries_.find(holder);
      if (found == entries_.end() || found->second.group != waiting.group) continue;
      return TurnAnswer{
          Turn::cancelled,
          fmt::format("Canceling since a deadlock for concurrency group '{}' was detected between "
                      "'{}' and '{}'",
                      request->group, holder.empty() ? "top level workflow" : holder, key)};
    }
    TRY(waiting.place, groups_.enter(*request));
  }
  auto& entry = entries_[key] = std::move(waiting);
  wake_.notify_all();
  return turn_of(entry);
}

base::Result<TurnAnswer> RunGates::turn_of(Waiting& waiting) {
  if (waiting.place.state == PlaceState::cancelled) return TurnAnswer{Turn::cancelled, waiting.place.why};
  if (waiting.place.state == PlaceState::waiting) return TurnAnswer{Turn::wait, waiting.place.why};
  return environment_turn(waiting);
}

base::Result<TurnAnswer> RunGates::begin_environment(Waiting& waiting, const EnvironmentRules& rules) {
  waiting.asked_environment = true;
  if (const auto refused = why_ref_is_refused(rules, options_.ref)) return TurnAnswer{Turn::failed, *refused};
  if (rules.needs_approval && !options_.may_wait_for_approval) {
    return TurnAnswer{
        Turn::failed,
        fmt::format("environment '{}' needs an approval, and --no-input lets nobody be asked", rules.name)};
  }
  if (rules.wait_minutes > 0) {
    waiting.timer_ends = base::system_clock().steady_now() +
                         std::chrono::milliseconds(static_cast<std::int64_t>(rules.wait_minutes * 60'000));
  }
  if (rules.needs_approval) {
    const Approval approval{.run_id = options_.run_id,
                            .attempt = options_.attempt,
                            .environment = rules.name,
                            .reviewers = rules.reviewers};
    const bool asked_before = approvals_.find(options_.run_id, options_.attempt, rules.name).ok();
    TRY(approvals_.ask(approval));
    if (!asked_before && options_.on_approval_needed) options_.on_approval_needed(approval);
  }
  return TurnAnswer{};
}

base::Result<TurnAnswer> RunGates::environment_turn(Waiting& waiting) {
  const auto found = options_.environments.find(base::to_lower(waiting.environment));
  if (waiting.environment.empty() || found == options_.environments.end()) return TurnAnswer{};
  const auto& rules = found->second;
  if (!waiting.asked_environment) {
    TRY(auto begun, begin_environment(waiting, rules));
    if (begun.turn != Turn::go) return begun;
  }
  if (rules.needs_approval) {
    TRY(const auto approval, approvals_.find(options_.run_id, options_.attempt, rules.name));
    if (approval.decision == Decision::rejected) {
      return TurnAnswer{Turn::failed,
                        fmt::format("environment '{}' was rejected by {}{}", rules.name, approval.by,
                                    approval.comment.empty() ? "" : ": " + approval.comment)};
    }
    if (approval.decision == Decision::pending) {
      return TurnAnswer{Turn::wait,
                        fmt::format("waits for an approval of environment '{}': `pipeline approve {}` or "
                                    "`pipeline reject {}`",
                                    rules.name, options_.run_id, options_.run_id)};
    }
  }
  if (waiting.timer_ends && base::system_clock().steady_now() < *waiting.timer_ends) {
    return TurnAnswer{Turn::wait, fmt::format("waits {} minutes, the wait timer of environment '{}'",
                                              rules.wait_minutes, rules.name)};
  }
  return TurnAnswer{};
}

TurnAnswer RunGates::ask(const workflow::PlannedJob& leg, const workflow::Contexts& contexts,
                         const std::vector<std::string>& above) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(leg.key);
  if (found != entries_.end()) return found->second.last = answer_of(turn_of(found->second));
  if (!leg.job->concurrency.present() && !leg.job->environment.present()) return {};
  const workflow::Scope scope{.contexts = contexts, .file = leg.job->file};
  auto answer = answer_of(begin(leg.key, leg.job->concurrency, leg.job->environment, scope, above));
  if (const auto entry = entries_.find(leg.key); entry != entries_.end()) entry->second.last = answer;
  return answer;
}

TurnAnswer RunGates::enter_run(const workflow::Workflow& workflow, const workflow::Contexts& contexts,
                               const std::stop_token& stop,
                               const std::function<void(const std::string&)>& on_wait) {
  std::unique_lock lock(mutex_);
  const workflow::Scope scope{.contexts = contexts, .file = workflow.path};
  auto answer = answer_of(begin("", workflow.concurrency, {}, scope, {}));
  std::string told;
  while (answer.turn == Turn::wait) {
    if (std::exchange(told, answer.why) != answer.why) on_wait(answer.why);
    if (stop.stop_requested()) return {Turn::cancelled, "the run was cancelled"};
    wake_.wait_for(lock, kLookEvery);
    auto& entry = entries_[""];
    refresh("", entry);
    answer = answer_of(turn_of(entry));
  }
  return answer;
}

void RunGates::leave(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  if (found->second.place.ticket != 0) {
    if (auto left = groups_.leave(found->second.place.ticket); !left)
      base::log(base::LogLevel::warning, left.error().to_string());
  }
  entries_.erase(found);
}

std::vector<std::pair<std::string, std::string>> RunGates::take_stops() {
  const std::lock_guard lock(mutex_);
  return std::exchange(stops_, {});
}

void RunGates::on_change(std::function<void()> callback) {
  const std::lock_guard lock(mutex_);
  changed_ = std::move(callback);
}

// Whether asking again gives another answer, or it has to stop.
bool RunGates::refresh(const std::string& key, Waiting& waiting) {
  if (waiting.place.ticket != 0) {
    auto place = groups_.look(waiting.place.ticket);
    if (!place) {
      base::log(base::LogLevel::warning, place.error().to_string());
    } else {
      waiting.place = *std::move(place);
    }
    if (waiting.place.asked_to_stop && !std::exchange(waiting.stop_told, true)) {
      stops_.emplace_back(key, waiting.place.why);
      return true;
    }
  }
  if (waiting.last.turn != Turn::wait) return false;
  const auto now = answer_of(turn_of(waiting));
  return now.turn != Turn::wait || now.why != waiting.last.why;
}

void RunGates::watch(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const auto is_of_interest = [this] {
      return std::any_of(entries_.begin(), entries_.end(), [](const auto& entry) {
        return entry.second.place.ticket != 0 || entry.second.last.turn == Turn::wait;
      });
    };
    if (!wake_.wait(lock, stop, is_of_interest)) return;
    bool changed = false;
    for (auto& [key, waiting] : entries_) changed = refresh(key, waiting) || changed;
    // Under the lock, so that who takes the callback away is not called afterwards.
    if (changed && changed_) changed_();
    wake_.wait_for(lock, stop, kLookEvery, [] { return false; });
  }
}

}  // namespace runner
