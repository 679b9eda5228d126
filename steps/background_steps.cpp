#include "steps/background_steps.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"
#include "steps/problem_matcher.h"
#include "steps/step_events.h"

namespace steps {

struct BackgroundSteps::Running {
  const workflow::Step& step;
  ReadyStep ready;
  std::string name;
  std::unique_ptr<LogSink> log;
  RunningJob job;  ///< a copy; its `stop` is that of `ending`
  OrderedVariables environment_before;
  std::vector<std::string> search_path_before;
  std::stop_source ending;
  base::Result<StepResult> result = StepResult{Conclusion::cancelled, Conclusion::cancelled, {}};
  bool waited_for = false;
  bool cancelled_on_request = false;
  std::jthread thread;  ///< last: it ends before what it uses
};

namespace {

RunningJob copy_for_background(const RunningJob& job, LogSink& log, const std::stop_token& stop) {
  RunningJob copy = job;
  copy.log = &log;
  copy.stop = stop;
  copy.chores = std::make_shared<Chores>();
  copy.post_steps.clear();
  if (job.matchers) copy.matchers = std::make_shared<ProblemMatchers>(*job.matchers);
  return copy;
}

Conclusion worse(Conclusion a, Conclusion b) {
  const auto rank = [](Conclusion conclusion) {
    return conclusion == Conclusion::cancelled ? 2 : conclusion == Conclusion::failure ? 1 : 0;
  };
  return rank(b) > rank(a) ? b : a;
}

}  // namespace

BackgroundSteps::BackgroundSteps(RunningJob& job) : job_(job) {}

BackgroundSteps::~BackgroundSteps() {
  for (const auto& step : steps_) step->ending.request_stop();
}

void BackgroundSteps::start(const workflow::Step& step, ReadyStep ready, std::unique_ptr<LogSink> log) {
  std::stop_source ending;
  auto copy = copy_for_background(job_, *log, ending.get_token());
  ready.may_outlive_cancellation = false;
  auto name = ready.name;
  steps_.push_back(std::unique_ptr<Running>(new Running{.step = step,
                                                        .ready = std::move(ready),
                                                        .name = std::move(name),
                                                        .log = std::move(log),
                                                        .job = std::move(copy),
                                                        .environment_before = job_.environment,
                                                        .search_path_before = job_.search_path,
                                                        .ending = ending}));
  Running& running = *steps_.back();
  running.thread = std::jthread([this, &running, stop = job_.stop] { run(running, stop); });
}

void BackgroundSteps::run(Running& step, const std::stop_token& job_stop) {
  const std::stop_callback with_job(job_stop, [&step] { step.ending.request_stop(); });
  if (!take_slot(step.job.stop)) return;
  StepEvents events(*step.log, step.name);
  step.result = run_ready_step(step.step, step.job, {}, std::move(step.ready));
  if (step.result) events.finished(*step.result);
  give_slot_back();
}

bool BackgroundSteps::take_slot(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const bool free = slot_free_.wait(lock, stop, [&] { return taken_slots_ < kMostAtOnce; });
  if (free) ++taken_slots_;
  return free;
}

void BackgroundSteps::give_slot_back() {
  const std::lock_guard lock(mutex_);
  --taken_slots_;
  slot_free_.notify_one();
}

base::Result<Conclusion> BackgroundSteps::wait(const std::vector<std::string>& ids) {
  auto worst_of_these = Conclusion::success;
  for (const auto& id : ids) {
    Running* step = find(id);
    if (step == nullptr) continue;
    if (step->thread.joinable()) step->thread.join();
    if (!step->result) return step->result.error();
    flush(*step);
    worst_of_these = worse(worst_of_these, step->result->conclusion);
  }
  return worst_of_these;
}

base::Result<void> BackgroundSteps::cancel(const std::vector<std::string>& ids) {
  for (const auto& id : ids) {
    if (Running* step = find(id); step != nullptr) {
      step->cancelled_on_request = true;
      step->ending.request_stop();
    }
  }
  TRY(wait(ids));
  return {};
}

// What it changed, not what it saw: others may have changed the job since.
void BackgroundSteps::flush(Running& step) {
  if (std::exchange(step.waited_for, true)) return;
  for (const auto& [name, value] : step.job.environment) {
    const auto before = step.environment_before.find(name);
    if (before == step.environment_before.end() || before->second != value) job_.environment[name] = value;
  }
  const auto& seen = step.search_path_before;
  for (auto folder = step.job.search_path.rbegin(); folder != step.job.search_path.rend(); ++folder) {
    if (std::find(seen.begin(), seen.end(), *folder) != seen.end()) continue;
    std::erase(job_.search_path, *folder);
    job_.search_path.insert(job_.search_path.begin(), *folder);
  }
  std::move(step.job.post_steps.begin(), step.job.post_steps.end(), std::back_inserter(job_.post_steps));
  record_outcome(step.step, *step.result, job_);
}

std::vector<std::string> BackgroundSteps::unwaited() const {
  std::vector<std::string> ids;
  for (const auto& step : steps_) {
    if (!step->waited_for) ids.push_back(step->step.id);
  }
  return ids;
}

std::vector<std::string> BackgroundSteps::all() const {
  std::vector<std::string> ids;
  for (const auto& step : steps_) ids.push_back(step->step.id);
  return ids;
}

std::string BackgroundSteps::first_failed(const std::vector<std::string>& ids) const {
  for (const auto& id : ids) {
    const Running* step = find(id);
    if (step != nullptr && step->result && step->result->conclusion == Conclusion::failure) return step->name;
  }
  return "";
}

std::string BackgroundSteps::name_of(const std::string& id) const {
  const Running* step = find(id);
  return step == nullptr ? id : step->name;
}

std::string BackgroundSteps::report_of(const std::string& id) const {
  const Running* step = find(id);
  if (step == nullptr || !step->waited_for || !step->result) return "";
  return fmt::format("{}: {}", step->name, to_string(step->result->conclusion));
}

Conclusion BackgroundSteps::worst() const {
  auto worst_of_all = Conclusion::success;
  for (const auto& step : steps_) {
    if (!step->result) continue;
    const auto conclusion = step->result->conclusion;
    if (step->cancelled_on_request && conclusion == Conclusion::cancelled) continue;
    worst_of_all = worse(worst_of_all, conclusion);
  }
  return worst_of_all;
}

BackgroundSteps::Running* BackgroundSteps::find(const std::string& id) const {
  for (const auto& step : steps_) {
    if (base::equals_ignoring_case(step->step.id, id)) return step.get();
  }
  return nullptr;
}

}  // namespace steps
