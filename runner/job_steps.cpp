#include "runner/job_steps.h"

#include <fmt/format.h>

#include <cstdlib>

#include "steps/hook_step.h"
#include "steps/run_steps.h"
#include "steps/step_events.h"
#include "steps/step_shell.h"
#include "workflow/plan.h"
#include "workflow/workflow.h"

namespace runner {

using steps::Conclusion;

namespace {

constexpr std::size_t kLargestHook = 1U << 20;

/// What the variable names; nothing when it is not set.
base::Result<std::optional<steps::HookScript>> hook_script(const char* variable, const char* moment) {
  const char* file = std::getenv(variable);
  if (file == nullptr || *file == 0) return std::optional<steps::HookScript>();
  const base::Path path(file);
  const auto extension = path.extension().string();
  if (!path.is_absolute() || (extension != ".sh" && extension != ".js" && extension != ".ps1")) {
    return base::invalid_input(
        fmt::format("{} has to be the absolute path of a script that ends in .sh, .ps1 or .js, found '{}'",
                    variable, file));
  }
  TRY(auto text, base::read_file(path, kLargestHook).while_doing(fmt::format("reading {}", variable)));
  return std::optional(steps::HookScript{.moment = moment, .file = file, .text = std::move(text)});
}

/// One job's steps.
class JobSteps {
 public:
  JobSteps(steps::RunningJob& job, JobLog& log, const Visit& visit, const base::Path& run_folder,
           const std::function<std::unique_ptr<JobLog>()>& open_log)
      : job_(job), log_(log), visit_(visit), run_folder_(run_folder), open_log_(open_log) {}

  base::Result<void> run() {
    const auto& steps = job_.planned->job->steps;
    const bool resumes = visit_.resume && visit_.resume->job == job_.planned->key;
    if (resumes) TRY(resume(*visit_.resume, job_));
    if (visit_.shell == ShellUse::instead) return shell_instead(steps);
    if (visit_.take_snapshots) snapshots_.emplace(snapshots_folder(run_folder_, job_.planned->key), job_);
    TRY(run_hook("ACTIONS_RUNNER_HOOK_JOB_STARTED", "started", "Set up runner"));
    const steps::StepLogs logs{.enter =
                                   [this](int number) {
                                     log_.enter_step(number);
                                     hand_trace_on(number);
                                   },
                               .open =
                                   [this](int number) {
                                     auto beside = open_log_();
                                     beside->enter_step(number);
                                     return beside;
                                   }};
    const steps::StepWatch watch{
        .before = [this](const auto&, int number) { take(number); },
        .after = [this](const auto& step, int, const auto& result) { look_at(step, result); },
        .first = resumes ? visit_.resume->step : 1};
    auto ran = steps::run_steps(steps, job_, logs, watch);
    log_.enter_step(0);
    TRY(run_hook("ACTIONS_RUNNER_HOOK_JOB_COMPLETED", "completed", "Complete runner"));
    finish_snapshots();
    return ran;
  }

 private:
  void take(int number) {
    if (snapshots_) snapshots_->take(number, job_);
  }

  // Below the workflow's own `env`: who sets another trace there means it.
  void hand_trace_on(int number) {
    if (visit_.trace_parent)
      job_.machine_environment["TRACEPARENT"] = visit_.trace_parent(job_.planned->key, number);
  }

  void look_at(const workflow::Step& step, const steps::StepResult& result) {
    if (visit_.shell != ShellUse::on_failure || result.outcome != Conclusion::failure ||
        job_.stop.stop_requested())
      return;
    log_.line(steps::LineKind::notice, "The step failed: here is a shell in its place; `exit` goes on.");
    if (auto opened = steps::open_step_shell(step, job_); !opened)
      log_.line(steps::LineKind::error, opened.error().to_string());
  }

  void finish_snapshots() {
    if (!snapshots_ || job_.status == Conclusion::success) return;
    int after_all = 1;
    for (const auto& step : job_.planned->job->steps) after_all += steps::numbers_of(step);
    snapshots_->take(after_all, job_);
    const auto kept = snapshots_->keep(job_);
    if (!kept) {
      log_.line(steps::LineKind::warning, "The job's snapshots are not kept: " + kept.error().to_string());
    } else if (!kept->empty()) {
      log_.line(steps::LineKind::detail, *kept);
    }
  }

  base::Result<void> run_hook(const char* variable, const char* moment, const char* name) {
    auto script = hook_script(variable, moment);
    if (script && !*script) return {};
    log_.enter_step(0);
    const steps::StepEvents events(log_, name);
    steps::StepResult result{Conclusion::failure, Conclusion::failure, {}};
    if (!script) {
      log_.annotation({.level = steps::LineKind::error, .message = script.error().to_string()});
      if (job_.status == Conclusion::success) job_.status = Conclusion::failure;
      if (job_.failed_step.empty()) job_.failed_step = name;
    } else {
      TRY(result, steps::run_hook(**script, name, job_));
    }
    events.finished(result);
    return {};
  }

  // The shell has the environment of the step that was named, whichever comes next.
  base::Result<void> shell_instead(const std::vector<workflow::Step>& steps) {
    int number = 1;
    for (const auto& step : steps) {
      if (number == visit_.shell_step) {
        TRY(const int code, steps::open_step_shell(step, job_));
        job_.status = code == 0 ? Conclusion::success : Conclusion::failure;
        return {};
      }
      number += steps::numbers_of(step);
    }
    return base::make_error(base::ErrorKind::not_found,
                            fmt::format("job '{}' has no step {}", job_.planned->key, visit_.shell_step));
  }

  steps::RunningJob& job_;
  JobLog& log_;
  const Visit& visit_;
  const base::Path& run_folder_;
  const std::function<std::unique_ptr<JobLog>()>& open_log_;
  std::optional<JobSnapshots> snapshots_;
};

}  // namespace

base::Result<void> run_job_steps(steps::RunningJob& job, JobLog& log, const Visit& visit,
                                 const base::Path& run_folder,
                                 const std::function<std::unique_ptr<JobLog>()>& open_log) {
  return JobSteps(job, log, visit, run_folder, open_log).run();
}

}  // namespace runner
