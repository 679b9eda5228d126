#include "runner/scheduler.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "runner/done_queue.h"
#include "runner/job_graph.h"
#include "runner/run_gates.h"
#include "workflow/call_workflow.h"

namespace runner {

using steps::Conclusion;

namespace {

class Scheduler {
 public:
  Scheduler(workflow::Plan plan, const workflow::Contexts& contexts, const SchedulerOptions& options,
            const RunLeg& run_leg, EventStream& events)
      : options_(options), run_leg_(run_leg), events_(events), top_(std::move(plan), contexts, nullptr) {
    graphs_.push_back(&top_);
  }

  RunOutcome run() {
    const std::stop_callback on_stop(options_.stop, [this] { queue_.wake(); });
    if (options_.gates != nullptr) options_.gates->on_change([this] { queue_.wake(); });
    while (true) {
      stop_those_asked_to();
      if (is_stopped()) cancel_all();
      advance();
      if (running_ == 0 && top_.all_done()) break;
      if (auto done = queue_.wait(); done) finish(*done->first, std::move(done->second));
    }
    if (options_.gates != nullptr) options_.gates->on_change({});
    return outcome();
  }

 private:
  // Skipping one job may make another ready, and starting a call brings new ones: until nothing changes.
  void advance() {
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = 0; i < graphs_.size(); ++i) changed = decide_ready_groups(*graphs_[i]) || changed;
      for (std::size_t i = 0; i < graphs_.size(); ++i) changed = start_legs(*graphs_[i]) || changed;
      changed = finish_calls() || changed;
    }
  }

  bool decide_ready_groups(JobGraph& graph) {
    bool decided = false;
    for (auto& group : graph.groups()) {
      if (group.state != GroupState::waiting || !graph.needs_are_done(group)) continue;
      decide(group);
      decided = true;
    }
    return decided;
  }

  bool is_stopped() const { return options_.stop.stop_requested() || !why_stopped_.empty(); }

  bool is_cancelled(const JobGraph& graph) const { return is_stopped() || graph.caller_is_stopped(); }

  workflow::expression::StatusAnswers status_of(const Group& group) {
    return {.success = [this, &group](const auto& ids) -> base::Result<bool> {
              TRY(const auto holds, group.graph->results().succeeded(group.job(), ids));
              return !is_cancelled(*group.graph) && holds.value_or(false);
            },
            .failure = [&group](const auto& ids) -> base::Result<bool> {
              TRY(const auto holds, group.graph->results().failed(group.job(), ids));
              return holds.value_or(false);
            },
            .cancelled = [this, &group] { return is_cancelled(*group.graph); }};
  }

  void decide(Group& group) {
    const auto& job = group.job();
    group.contexts = group.graph->contexts_of(group);
    const workflow::Scope scope{.contexts = group.contexts, .status = status_of(group), .file = job.file};
    const auto runs = workflow::evaluate_condition(job.condition, scope);
    if (!runs) return fail(group, runs.error().to_string());
    if (!*runs) {
      if (is_cancelled(*group.graph))
        return end(group, Conclusion::cancelled, {.text = "the run was cancelled"});
      return end(group, Conclusion::skipped, workflow::reason_of_skip(job, group.graph->results(), scope));
    }
    if (!group.planned->expanded) {
      auto legs = workflow::expand_job(group.graph->workflow(), job, group.contexts);
      if (!legs) return fail(group, legs.error().to_string());
      group.planned->legs = std::move(*legs);
      group.planned->expanded = true;
    }
    for (auto& planned : group.planned->legs) {
      auto& leg = group.legs.emplace_back();
      leg.planned = &planned;
      leg.group = &group;
      const auto contexts = contexts_of(leg);
      planned.key = group.graph->full_key(planned.key);
      planned.name = group.graph->full_name(planned.name);
      const auto may_fail =
          workflow::evaluate_boolean(job.continue_on_error, false, {.contexts = contexts, .file = job.file});
      if (!may_fail) return fail(group, may_fail.error().to_string());
      leg.may_fail = *may_fail;
    }
    group.state = GroupState::running;
  }

  void complain(const std::string& job, const std::string& why) {
    events_.publish({.type = "annotation", .job = job, .kind = steps::LineKind::error, .text = why});
  }

  void fail(Group& group, const std::string& why) {
    complain(group.graph->full_key(group.job().id), why);
    group.legs.clear();
    end(group, Conclusion::failure, {.text = why});
  }

  // A group that ends without running a leg still shows up once.
  void end(Group& group, Conclusion conclusion, workflow::SkipReason reason) {
    group.state = GroupState::done;
    group.conclusion = conclusion;
    publish_end({.key = group.graph->full_key(group.job().id),
                 .name = group.graph->full_name(group.job().id),
                 .conclusion = conclusion,
                 .reason = reason.text});
    group.graph->set_result(group, std::move(reason));
  }

  void publish_end(FinishedLeg leg) {
    events_.publish("job_finished", leg.key, std::string(steps::to_string(leg.conclusion)),
                    {{"reason", leg.reason}, {"milliseconds", leg.milliseconds}, {"name", leg.name}});
    if (options_.on_finished) options_.on_finished(leg);
    finished_.push_back(std::move(leg));
  }

  // Whether something else may be ready now: a call has begun, or a leg has ended without running.
  bool start_legs(JobGraph& graph) {
    bool changed = false;
    for (auto& group : graph.groups()) {
      for (auto& leg : group.legs) {
        if (group.state != GroupState::running) break;
        if (leg.state != LegState::queued) continue;
        if (const auto* kept = kept_result(leg); kept != nullptr) {
          keep(leg, *kept);
          changed = true;
          continue;
        }
        const auto limit = static_cast<std::size_t>(leg.planned->max_parallel);
        if (limit > 0 && running_legs(group) >= limit) break;
        const bool calls = group.job().called != nullptr;
        if (!calls && options_.parallel > 0 && running_ >= options_.parallel) break;
        if (!passes_gates(leg)) {
          changed = changed || leg.state == LegState::done;
          continue;
        }
        note_run(group);
        changed = changed || calls;
        calls ? start_call(leg) : start(leg);
      }
    }
    return changed;
  }

  const KeptResult* kept_result(const Leg& leg) const {
    const auto found = options_.kept.find(leg.planned->key);
    if (found == options_.kept.end() || leg.group->graph->needs_ran(*leg.group)) return nullptr;
    return &found->second;
  }

  void keep(Leg& leg, const KeptResult& kept) {
    publish_end({.key = leg.planned->key,
                 .name = leg.planned->name,
                 .conclusion = kept.conclusion,
                 .reason = fmt::format("kept from attempt {}", kept.attempt),
                 .outputs = kept.outputs});
    leg.state = LegState::done;
    leg.result = {.conclusion = kept.conclusion, .outputs = kept.outputs};
    for (const auto& [name, value] : kept.outputs) leg.group->outputs[name] = value;
    finish_group_if_done(*leg.group);
  }

  // False: it waits, or will never start.
  bool passes_gates(Leg& leg) {
    if (options_.gates == nullptr) return true;
    const auto answer = options_.gates->ask(*leg.planned, contexts_of(leg), keys_above(leg));
    switch (answer.turn) {
      case Turn::go:
        return true;
      case Turn::wait:
        if (std::exchange(leg.waits_for, answer.why) != answer.why)
          events_.publish("job_waiting", leg.planned->key, answer.why, base::Json::object());
        return false;
      case Turn::failed:
        complain(leg.planned->key, answer.why);
        end_before_start(leg, Conclusion::failure, answer.why);
        return false;
      case Turn::cancelled:
        complain(leg.planned->key, answer.why);
        end_before_start(leg, Conclusion::cancelled, answer.why);
        return false;
    }
    return true;
  }

  void end_before_start(Leg& leg, Conclusion conclusion, const std::string& why) {
    publish_end(
        {.key = leg.planned->key, .name = leg.planned->name, .conclusion = conclusion, .reason = why});
    conclude(leg, {.conclusion = conclusion});
  }

  // A newer request in a concurrency group wants the place of these.
  void stop_those_asked_to() {
    if (options_.gates == nullptr) return;
    for (const auto& [key, why] : options_.gates->take_stops()) {
      if (key.empty()) {
        complain("", why);
        why_stopped_ = why;
        continue;
      }
      for (auto* graph : std::vector(graphs_)) {
        for (auto& group : graph->groups()) {
          for (auto& leg : group.legs) {
            if (leg.planned->key != key || leg.state != LegState::running) continue;
            complain(key, why);
            leg.stop.request_stop();
            if (leg.called) cancel_graph(*leg.called, why);
          }
        }
      }
    }
  }

  void start(Leg& leg) {
    leg.state = LegState::running;
    leg.started = base::system_clock().steady_now();
    ++running_;
    events_.publish("job_started", leg.planned->key, leg.planned->name, base::Json::object());
    leg.thread = std::jthread([this, &leg, &contexts = leg.group->contexts] {
      auto result = run_leg_(*leg.planned, contexts, leg.stop.get_token());
      queue_.push(&leg, std::move(result));
    });
  }

  // It takes no place of those that may run at a time: its jobs do.
  void start_call(Leg& leg) {
    leg.state = LegState::running;
    leg.started = base::system_clock().steady_now();
    const auto& job = leg.group->job();
    auto contexts = workflow::contexts_of_call(job, contexts_of(leg));
    auto plan = contexts ? workflow::make_plan(*job.called, *contexts, std::nullopt)
                         : base::Result<workflow::Plan>(contexts.error());
    if (!plan) {
      const auto why = std::move(plan).error().while_doing(fmt::format("calling {}", job.called->path));
      complain(leg.planned->key, why.to_string());
      conclude(leg, {.conclusion = Conclusion::failure});
      publish_end({.key = leg.planned->key, .name = leg.planned->name, .conclusion = Conclusion::failure});
      return;
    }
    leg.called = std::make_unique<JobGraph>(std::move(*plan), std::move(*contexts), &leg);
    graphs_.push_back(leg.called.get());
  }

  // A called workflow shows up by its jobs alone, but for an output that cannot be evaluated.
  bool finish_calls() {
    bool finished = false;
    for (std::size_t i = graphs_.size(); i-- > 0;) {
      JobGraph& graph = *graphs_[i];
      if (graph.caller() == nullptr || !graph.all_done()) continue;
      graphs_.erase(graphs_.begin() + static_cast<std::ptrdiff_t>(i));
      Leg& leg = *graph.caller();
      JobResult result{.conclusion = graph.conclusion()};
      if (auto outputs = graph.outputs(); outputs) {
        result.outputs = std::move(*outputs);
      } else {
        complain(leg.planned->key, outputs.error().to_string());
        result.conclusion = Conclusion::failure;
      }
      if (options_.on_finished_call) {
        options_.on_finished_call({.key = leg.planned->key,
                                   .name = leg.planned->name,
                                   .conclusion = result.conclusion,
                                   .outputs = result.outputs});
      }
      conclude(leg, std::move(result));
      finished = true;
    }
    return finished;
  }

  // Those that run are stopped; those that wait in a matrix never start. Other jobs are decided by their
  // `if`.
  void cancel_all() {
    if (std::exchange(cancelled_all_, true)) return;
    cancel_graph(top_, "the run was cancelled");
  }

  void cancel_graph(JobGraph& graph, const std::string& reason) {
    for (auto& group : graph.groups()) {
      if (group.state == GroupState::running) cancel_legs(group, reason);
    }
  }

  void cancel_legs(Group& group, const std::string& reason) {
    for (auto& leg : group.legs) {
      if (leg.state == LegState::running) {
        leg.stop.request_stop();
        if (leg.called) cancel_graph(*leg.called, reason);
      }
      if (leg.state != LegState::queued) continue;
      if (options_.gates != nullptr) options_.gates->leave(leg.planned->key);
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
    const auto elapsed =
        std::chrono::duration<double, std::milli>(base::system_clock().steady_now() - leg.started).count();
    publish_end({.key = leg.planned->key,
                 .name = leg.planned->name,
                 .conclusion = result.conclusion,
                 .runner_failed = !result.failure.empty(),
                 .milliseconds = elapsed,
                 .outputs = result.outputs});
    conclude(leg, std::move(result));
  }

  void conclude(Leg& leg, JobResult result) {
    if (options_.gates != nullptr) options_.gates->leave(leg.planned->key);
    leg.state = LegState::done;
    leg.result = std::move(result);
    Group& group = *leg.group;
    // Legs share one map of outputs; the last that is not empty stays (runner#1835).
    for (const auto& [name, value] : leg.result.outputs) group.outputs[name] = value;
    if (leg.result.conclusion == Conclusion::failure && !leg.may_fail && leg.planned->fail_fast &&
        group.legs.size() > 1) {
      cancel_legs(group, fmt::format("'{}' failed, and fail-fast is on", leg.planned->key));
    }
    finish_group_if_done(group);
  }

  RunOutcome outcome() {
    RunOutcome outcome{.conclusion = top_.conclusion(), .legs = std::move(finished_)};
    if (is_stopped()) outcome.conclusion = Conclusion::cancelled;
    for (const auto& leg : outcome.legs) outcome.runner_failed = outcome.runner_failed || leg.runner_failed;
    return outcome;
  }

  const SchedulerOptions& options_;
  const RunLeg& run_leg_;
  EventStream& events_;
  DoneQueue queue_;
  JobGraph top_;
  std::vector<JobGraph*> graphs_;  ///< all whose jobs are not done, callers before those they call
  std::vector<FinishedLeg> finished_;
  std::size_t running_ = 0;
  bool cancelled_all_ = false;
  std::string why_stopped_;  ///< set when a newer run in the workflow's concurrency group ends this one
};

}  // namespace

RunOutcome run_plan(workflow::Plan plan, const workflow::Contexts& contexts, const SchedulerOptions& options,
                    const RunLeg& run_leg, EventStream& events) {
  return Scheduler(std::move(plan), contexts, options, run_leg, events).run();
}

}  // namespace runner
