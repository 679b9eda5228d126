#include "runner/scheduler.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/json.h"
#include "base/strings.h"
#include "workflow/job_results.h"

namespace runner {

using steps::Conclusion;
using workflow::JobGroup;
using workflow::PlannedJob;
using workflow::expression::Object;
using workflow::expression::Value;

namespace {

enum class LegState { queued, running, done };

struct Leg {
  const PlannedJob* planned = nullptr;
  LegState state = LegState::queued;
  JobResult result;
  bool may_fail = false;  ///< continue-on-error
  std::stop_source stop;
  std::jthread thread;
  base::SteadyTime started;
};

enum class GroupState { waiting, running, done };

struct Group {
  JobGroup* planned = nullptr;
  GroupState state = GroupState::waiting;
  Conclusion conclusion = Conclusion::success;
  std::deque<Leg> legs;
  std::map<std::string, std::string> outputs;
  workflow::Contexts contexts;
};

workflow::JobConclusion job_conclusion(Conclusion conclusion) {
  switch (conclusion) {
    case Conclusion::failure:
      return workflow::JobConclusion::failure;
    case Conclusion::cancelled:
      return workflow::JobConclusion::cancelled;
    case Conclusion::skipped:
      return workflow::JobConclusion::skipped;
    default:
      return workflow::JobConclusion::success;
  }
}

/// Where threads of legs tell the loop that they are done.
class DoneQueue {
 public:
  void push(Leg* leg, JobResult result) {
    const std::lock_guard lock(mutex_);
    done_.emplace_back(leg, std::move(result));
    changed_.notify_one();
  }
  void wake() {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_one();
  }
  /// The next that is done; nothing when only woken.
  std::optional<std::pair<Leg*, JobResult>> wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !done_.empty() || woken_; });
    woken_ = false;
    if (done_.empty()) return std::nullopt;
    auto next = std::move(done_.front());
    done_.pop_front();
    return next;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<Leg*, JobResult>> done_;
  bool woken_ = false;
};

class Scheduler {
 public:
  Scheduler(workflow::Plan& plan, const workflow::Contexts& contexts, const SchedulerOptions& options,
            const RunLeg& run_leg, EventStream& events)
      : contexts_(contexts), options_(options), run_leg_(run_leg), events_(events), results_(*plan.workflow) {
    for (auto& group : plan.groups) groups_[base::to_lower(group.job->id)].planned = &group;
    for (const auto& group : plan.groups) order_.push_back(base::to_lower(group.job->id));
  }

  RunOutcome run() {
    const std::stop_callback on_stop(options_.stop, [this] { queue_.wake(); });
    while (true) {
      if (options_.stop.stop_requested()) cancel_all();
      decide_ready_groups();
      start_legs();
      if (running_ == 0 && all_done()) break;
      if (auto done = queue_.wait(); done) finish(*done->first, std::move(done->second));
    }
    return outcome();
  }

 private:
  Group& group(const std::string& id) { return groups_.at(base::to_lower(id)); }

  bool all_done() const {
    for (const auto& [id, group] : groups_) {
      if (group.state != GroupState::done) return false;
    }
    return true;
  }

  bool needs_are_done(const Group& group) {
    for (const auto& need : group.planned->needs) {
      if (this->group(need).state != GroupState::done) return false;
    }
    return true;
  }

  // Skipping one group may make another ready, so this goes on until nothing changes.
  void decide_ready_groups() {
    for (bool changed = true; changed;) {
      changed = false;
      for (const auto& id : order_) {
        auto& candidate = groups_.at(id);
        if (candidate.state != GroupState::waiting || !needs_are_done(candidate)) continue;
        decide(candidate);
        changed = true;
      }
    }
  }

  workflow::expression::StatusAnswers status_of(const workflow::Job& job) {
    return {.success = [this, &job](const auto& ids) -> base::Result<bool> {
              TRY(const auto holds, results_.succeeded(job, ids));
              return !cancelled() && holds.value_or(false);
            },
            .failure = [this, &job](const auto& ids) -> base::Result<bool> {
              TRY(const auto holds, results_.failed(job, ids));
              return holds.value_or(false);
            },
            .cancelled = [this] { return cancelled(); }};
  }

  bool cancelled() const { return options_.stop.stop_requested(); }

  workflow::Contexts contexts_of(const Group& group) {
    auto contexts = contexts_;
    Object needs;
    for (const auto& need : group.planned->needs) {
      const auto& needed = this->group(need);
      Object outputs;
      for (const auto& [name, value] : needed.outputs) outputs.set(name, Value(value));
      Object entry;
      entry.set("result", Value(std::string(steps::to_string(needed.conclusion))));
      entry.set("outputs", Value(std::move(outputs)));
      needs.set(need, Value(std::move(entry)));
    }
    contexts.set("needs", Value(std::move(needs)));
    return contexts;
  }

  void decide(Group& group) {
    const auto& job = *group.planned->job;
    group.contexts = contexts_of(group);
    const workflow::Scope scope{.contexts = group.contexts, .status = status_of(job), .file = job.file};
    const auto runs = workflow::evaluate_condition(job.condition, scope);
    if (!runs) return fail(group, runs.error().to_string());
    if (!*runs) {
      if (cancelled()) return end(group, Conclusion::cancelled, {.text = "the run was cancelled"});
      return end(group, Conclusion::skipped, workflow::reason_of_skip(job, results_, scope));
    }
    if (!group.planned->expanded) {
      auto legs = workflow::expand_job(job, group.contexts);
      if (!legs) return fail(group, legs.error().to_string());
      group.planned->legs = std::move(*legs);
      group.planned->expanded = true;
    }
    for (const auto& planned : group.planned->legs) {
      auto& leg = group.legs.emplace_back();
      leg.planned = &planned;
      auto contexts = group.contexts;
      contexts.set("matrix", planned.matrix);
      contexts.set("strategy", workflow::strategy_context(planned));
      const auto may_fail =
          workflow::evaluate_boolean(job.continue_on_error, false, {.contexts = contexts, .file = job.file});
      if (!may_fail) return fail(group, may_fail.error().to_string());
      leg.may_fail = *may_fail;
    }
    group.state = GroupState::running;
  }

  void fail(Group& group, const std::string& why) {
    events_.publish(
        {.type = "annotation", .job = group.planned->job->id, .kind = steps::LineKind::error, .text = why});
    group.legs.clear();
    end(group, Conclusion::failure, {.text = why});
  }

  // A group that ends without running a leg still shows up once.
  void end(Group& group, Conclusion conclusion, workflow::SkipReason reason) {
    group.state = GroupState::done;
    group.conclusion = conclusion;
    const auto& job = *group.planned->job;
    publish_end({.key = job.id, .name = job.id, .conclusion = conclusion, .reason = reason.text});
    results_.set(job, job_conclusion(conclusion), std::move(reason));
  }

  void publish_end(FinishedLeg leg) {
    events_.publish("job_finished", leg.key, std::string(steps::to_string(leg.conclusion)),
                    {{"reason", leg.reason}, {"milliseconds", leg.milliseconds}, {"name", leg.name}});
    finished_.push_back(std::move(leg));
  }

  static std::size_t count(const Group& group, LegState state) {
    return static_cast<std::size_t>(std::count_if(group.legs.begin(), group.legs.end(),
                                                  [&](const Leg& leg) { return leg.state == state; }));
  }

  void start_legs() {
    for (const auto& id : order_) {
      auto& group = groups_.at(id);
      if (group.state != GroupState::running) continue;
      for (auto& leg : group.legs) {
        if (leg.state != LegState::queued) continue;
        if (options_.parallel > 0 && running_ >= options_.parallel) return;
        const auto limit = static_cast<std::size_t>(leg.planned->max_parallel);
        if (limit > 0 && count(group, LegState::running) >= limit) break;
        start(group, leg);
      }
    }
  }

  void start(Group& group, Leg& leg) {
    leg.state = LegState::running;
    leg.started = base::system_clock().steady_now();
    ++running_;
    events_.publish("job_started", leg.planned->key, leg.planned->name, base::Json::object());
    leg.thread = std::jthread([this, &leg, &contexts = group.contexts] {
      auto result = run_leg_(*leg.planned, contexts, leg.stop.get_token());
      queue_.push(&leg, std::move(result));
    });
  }

  // Those that run are stopped; those that wait in a matrix never start. Other jobs are decided by their
  // `if`.
  void cancel_all() {
    if (cancelled_all_) return;
    cancelled_all_ = true;
    for (auto& [id, group] : groups_) {
      if (group.state == GroupState::running) cancel_legs(group, "the run was cancelled");
    }
  }

  void cancel_legs(Group& group, const std::string& reason) {
    for (auto& leg : group.legs) {
      if (leg.state == LegState::running) leg.stop.request_stop();
      if (leg.state != LegState::queued) continue;
      leg.state = LegState::done;
      leg.result.conclusion = Conclusion::cancelled;
      publish_end({.key = leg.planned->key,
                   .name = leg.planned->name,
                   .conclusion = Conclusion::cancelled,
                   .reason = reason});
    }
    finish_group_if_done(group);
  }

  void finish(Leg& leg, JobResult result) {
    leg.thread.join();
    --running_;
    leg.state = LegState::done;
    leg.result = std::move(result);
    const auto elapsed =
        std::chrono::duration<double, std::milli>(base::system_clock().steady_now() - leg.started).count();
    publish_end({.key = leg.planned->key,
                 .name = leg.planned->name,
                 .conclusion = leg.result.conclusion,
                 .runner_failed = !leg.result.failure.empty(),
                 .milliseconds = elapsed});
    auto& group = this->group(leg.planned->job->id);
    // Legs share one map of outputs; the last that is not empty stays (runner#1835).
    for (const auto& [name, value] : leg.result.outputs) group.outputs[name] = value;
    if (leg.result.conclusion == Conclusion::failure && !leg.may_fail && leg.planned->fail_fast &&
        group.legs.size() > 1) {
      cancel_legs(group, fmt::format("'{}' failed, and fail-fast is on", leg.planned->key));
    }
    finish_group_if_done(group);
  }

  void finish_group_if_done(Group& group) {
    if (group.state != GroupState::running) return;
    Conclusion worst = Conclusion::success;
    for (const auto& leg : group.legs) {
      if (leg.state != LegState::done) return;
      const bool forgiven = leg.may_fail && leg.result.conclusion == Conclusion::failure;
      if (forgiven || leg.result.conclusion == Conclusion::success ||
          leg.result.conclusion == Conclusion::skipped)
        continue;
      if (worst != Conclusion::failure) worst = leg.result.conclusion;
    }
    group.state = GroupState::done;
    group.conclusion = worst;
    results_.set(*group.planned->job, job_conclusion(worst));
  }

  RunOutcome outcome() {
    RunOutcome outcome{.legs = std::move(finished_)};
    for (const auto& [id, group] : groups_) {
      if (group.conclusion == Conclusion::failure) outcome.conclusion = Conclusion::failure;
      if (group.conclusion == Conclusion::cancelled && outcome.conclusion == Conclusion::success)
        outcome.conclusion = Conclusion::cancelled;
    }
    if (cancelled()) outcome.conclusion = Conclusion::cancelled;
    for (const auto& leg : outcome.legs) outcome.runner_failed = outcome.runner_failed || leg.runner_failed;
    return outcome;
  }

  const workflow::Contexts& contexts_;
  const SchedulerOptions& options_;
  const RunLeg& run_leg_;
  EventStream& events_;
  workflow::JobResults results_;
  std::map<std::string, Group> groups_;
  std::vector<std::string> order_;
  std::vector<FinishedLeg> finished_;
  DoneQueue queue_;
  std::size_t running_ = 0;
  bool cancelled_all_ = false;
};

}  // namespace

RunOutcome run_plan(workflow::Plan& plan, const workflow::Contexts& contexts, const SchedulerOptions& options,
                    const RunLeg& run_leg, EventStream& events) {
  return Scheduler(plan, contexts, options, run_leg, events).run();
}

}  // namespace runner
