#pragma once
// Runs plans with legs that are functions of the test: no sandbox, no folders. What happened is a list of
// lines in the order of the event stream.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "runner/scheduler.h"
#include "tests/unit/runner/gate.h"
#include "workflow/load_workflow.h"

namespace steps {

/// How GoogleTest shows it.
inline void PrintTo(Conclusion conclusion, std::ostream* out) {
  *out << to_string(conclusion);
}

}  // namespace steps

namespace runner {

inline JobResult succeeded(steps::Outputs outputs = {}) {
  return {.conclusion = steps::Conclusion::success, .outputs = std::move(outputs)};
}
inline JobResult failed() {
  return {.conclusion = steps::Conclusion::failure};
}

class SchedulerTest : public ::testing::Test {
 protected:
  using LegFunction = std::function<JobResult(const std::stop_token& stop)>;

  /// What the leg of that key does; others succeed at once.
  void leg(const std::string& key, LegFunction function) { functions_[key] = std::move(function); }

  /// A workflow that jobs may call as `./NAME`; `jobs` is what stands below `jobs:`.
  void called(const std::string& name, const std::string& jobs, const std::string& interface = "") {
    files_["./" + name] = "on:\n  workflow_call:\n" + interface + "jobs:\n" + jobs;
  }

  /// `jobs` is what stands below `jobs:`; every job gets one step.
  RunOutcome run(const std::string& jobs, const SchedulerOptions& options = {}) {
    const workflow::LoadOptions reading{
        .called_workflow = [this](const std::string& reference) -> base::Result<std::string> {
          const auto found = files_.find(reference);
          if (found == files_.end()) return base::make_error(base::ErrorKind::not_found, reference);
          return found->second;
        }};
    const auto loaded = workflow::load_workflow("test.yml", "on: push\njobs:\n" + jobs, reading);
    EXPECT_TRUE(loaded.workflow) << (loaded.diagnostics.empty() ? "" : loaded.diagnostics.front().message);
    if (!loaded.workflow) return {};
    workflow::Contexts contexts;
    for (const auto* name : {"github", "vars", "secrets", "inputs"})
      contexts.set(name, workflow::expression::Value(workflow::expression::Object()));
    auto plan = workflow::make_plan(*loaded.workflow, contexts, std::nullopt);
    EXPECT_TRUE(plan.ok()) << (plan ? "" : plan.error().to_string());
    if (!plan) return {};
    EventStream events;
    events.add_reader([this](const RunEvent& event) { note(event); });
    const RunLeg run_leg = [this](const auto& planned, const auto& seen, const auto& stop) {
      return run_one(planned, seen, stop);
    };
    return run_plan(std::move(*plan), contexts, options, run_leg, events);
  }

  /// `started KEY`, `KEY: CONCLUSION` and `error JOB: TEXT`, in order.
  std::vector<std::string> happened() {
    const std::lock_guard lock(mutex_);
    return happened_;
  }
  bool did(const std::string& line) {
    const auto lines = happened();
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  }
  /// Where the line stands; that it is missing fails the test.
  std::size_t when(const std::string& line) {
    const auto lines = happened();
    const auto found = std::find(lines.begin(), lines.end(), line);
    EXPECT_NE(found, lines.end()) << line << " did not happen; this did: " << ::testing::PrintToString(lines);
    return static_cast<std::size_t>(found - lines.begin());
  }
  /// Waits until the line happens.
  bool wait_for(const std::string& line) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kGiveUp, [&] {
      return std::find(happened_.begin(), happened_.end(), line) != happened_.end();
    });
  }
  /// The most legs at one time whose key starts so.
  std::size_t most_at_once(const std::string& prefix) {
    std::size_t running = 0;
    std::size_t most = 0;
    std::vector<std::string> open;
    for (const auto& line : happened()) {
      if (line.starts_with("started " + prefix)) {
        open.push_back(line.substr(8));
        most = std::max(most, ++running);
      }
      const auto ended = std::find(open.begin(), open.end(), line.substr(0, line.rfind(": ")));
      if (ended == open.end()) continue;
      open.erase(ended);
      --running;
    }
    return most;
  }

  /// A value of the contexts that a leg was given, as text.
  std::string seen(const std::string& key, const std::string& context, const std::string& job,
                   const std::string& name) {
    const std::lock_guard lock(mutex_);
    return contexts_[key].get(context).get(job).get(name).to_text();
  }
  std::string output_seen(const std::string& key, const std::string& job, const std::string& name) {
    const std::lock_guard lock(mutex_);
    return contexts_[key].get("needs").get(job).get("outputs").get(name).to_text();
  }
  static FinishedLeg find(const RunOutcome& outcome, const std::string& key) {
    const auto found = std::find_if(outcome.legs.begin(), outcome.legs.end(),
                                    [&](const auto& finished) { return finished.key == key; });
    EXPECT_NE(found, outcome.legs.end()) << key << " is not in the outcome";
    return found == outcome.legs.end() ? FinishedLeg{} : *found;
  }

 private:
  JobResult run_one(const workflow::PlannedJob& planned, const workflow::Contexts& contexts,
                    const std::stop_token& stop) {
    {
      const std::lock_guard lock(mutex_);
      contexts_[planned.key] = contexts;
    }
    const auto function = functions_.find(planned.key);
    return function == functions_.end() ? JobResult{} : function->second(stop);
  }
  void note(const RunEvent& event) {
    const std::lock_guard lock(mutex_);
    if (event.type == "job_started") happened_.push_back("started " + event.job);
    if (event.type == "job_finished") happened_.push_back(event.job + ": " + event.text);
    if (event.type == "annotation") happened_.push_back("error " + event.job + ": " + event.text);
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::string> files_;
  std::map<std::string, LegFunction> functions_;
  std::map<std::string, workflow::Contexts> contexts_;
  std::vector<std::string> happened_;
};

/// A job that needs others, with further keys of its own.
inline std::string job(const std::string& id, const std::string& needs = "[]", const std::string& more = "") {
  return "  " + id + ":\n    runs-on: ubuntu-latest\n    needs: " + needs + "\n" +
         (more.empty() ? "" : "    " + more + "\n") + "    steps: [{run: 'true'}]\n";
}

}  // namespace runner
