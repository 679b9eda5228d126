#include "steps/run_steps.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "steps/action_images.h"
#include "steps/action_stages.h"
#include "steps/action_uses.h"
#include "steps/background_steps.h"
#include "steps/run_step.h"
#include "steps/step_events.h"
#include "steps/step_run.h"
#include "workflow/workflow.h"

namespace steps {
namespace {

std::vector<std::string> texts_of(const workflow::Node& node) {
  std::vector<std::string> texts;
  if (node.is_scalar()) texts.push_back(node.text);
  for (const auto& item : node.items) texts.push_back(item.text);
  return texts;
}

bool is_background(const workflow::Step& step) {
  return base::to_lower(step.background.text) == "true";
}

bool is_control(const workflow::Step& step) {
  return step.wait.present() || step.wait_all.present() || step.cancel.present();
}

class StepSequence {
 public:
  StepSequence(RunningJob& job, const StepLogs& logs, const StepWatch& watch)
      : job_(job), logs_(logs), watch_(watch), background_(job) {}

  base::Result<void> run(const std::vector<workflow::Step>& steps) {
    obtain_images(steps);
    TRY(run_all_pre_parts(steps));
    for (const auto& step : steps) {
      if (number_ + 1 < watch_.first) {
        number_ += numbers_of(step);
        continue;
      }
      if (watch_.before) watch_.before(step, number_ + 1);
      TRY(run_any(step));
    }
    TRY(wait_for_the_rest());
    number_ = std::max(number_, pre_number_);
    while (!job_.post_steps.empty()) run_post_step();
    return {};
  }

 private:
  // Each is a step of the job's own, with condition success(); their failure is the job's.
  void obtain_images(const std::vector<workflow::Step>& steps) {
    std::vector<const workflow::Step*> to_run;
    int number = 1;
    for (const auto& step : steps) {
      if (number >= watch_.first) to_run.push_back(&step);
      number += numbers_of(step);
    }
    for (const auto& image : images_of_steps(to_run, job_, job_.stop)) {
      if (job_.status != Conclusion::success || job_.stop.stop_requested()) return;
      const StepEvents events(*job_.log, image.title);
      const auto done = image.obtain();
      const bool cancelled = !done && job_.stop.stop_requested();
      if (!done && !cancelled) report_failure(job_, done.error());
      const auto conclusion = done        ? Conclusion::success
                              : cancelled ? Conclusion::cancelled
                                          : Conclusion::failure;
      events.finished({conclusion, conclusion, {}});
      merge_into_status(conclusion, image.title, job_);
    }
  }

  // They run before the steps, but are numbered behind them: a step keeps its number whatever it uses.
  base::Result<void> run_all_pre_parts(const std::vector<workflow::Step>& steps) {
    int last = 1;  // the wait for background steps that nobody waited for
    for (const auto& step : steps) last += numbers_of(step);
    pre_number_ = last;
    int number = 1;
    for (const auto& step : steps) {
      if (number >= watch_.first) TRY(run_pre_parts(step));
      number += numbers_of(step);
    }
    if (pre_number_ == last) pre_number_ = 0;  // none ran: those behind the steps follow them
    return {};
  }

  base::Result<void> run_pre_parts(const workflow::Step& step) {
    for (const auto& beside : step.parallel) TRY(run_pre_part(beside));
    return run_pre_part(step);
  }

  base::Result<void> run_pre_part(const workflow::Step& step) {
    const auto use = actions_of(job_).find(step);
    if (!use || !has_pre_part(*use, job_)) return {};
    logs_.enter(++pre_number_);
    const StepEvents events(*job_.log, name_of_part(ActionStage::pre, name_before_start(step, job_)));
    StepScope scope;
    scope.stage = ActionStage::pre;
    TRY(const auto result, run_action_part(step, use, job_, scope));
    events.finished(result);
    return {};
  }

  base::Result<void> run_any(const workflow::Step& step) {
    if (!step.parallel.empty()) return run_parallel(step);
    if (is_control(step)) return run_control(step);
    if (is_background(step)) return start_background(step);
    logs_.enter(++number_);
    const StepEvents events(*job_.log, name_before_start(step, job_));
    TRY(const auto result, run_step(step, job_));
    events.finished(result);
    if (watch_.after) watch_.after(step, number_, result);
    return {};
  }

  // Its condition is looked at in its place among the steps; only what it runs is beside them.
  base::Result<void> start_background(const workflow::Step& step) {
    logs_.enter(++number_);
    const ContextsOfStep contexts(job_);
    auto start = start_of_step(step, job_, {});
    if (start.ready) {
      background_.start(step, std::move(*start.ready), logs_.open(number_));
      return {};
    }
    const auto name = display_name(step, job_);
    StepEvents(*job_.log, name).finished(start.result);
    merge_into_status(start.result.conclusion, name, job_);
    record_outcome(step, start.result, job_);
    return {};
  }

  base::Result<void> run_parallel(const workflow::Step& step) {
    std::vector<std::string> ids;
    for (const auto& inner : step.parallel) {
      TRY(start_background(inner));
      ids.push_back(inner.id);
    }
    logs_.enter(++number_);
    return wait(step, step.name ? display_name(step, job_) : "Wait for parallel steps", ids);
  }

  base::Result<void> run_control(const workflow::Step& step) {
    logs_.enter(++number_);
    if (step.cancel.present()) return cancel(step);
    if (!step.wait_all.present())
      return wait(step, step.name ? display_name(step, job_) : "Wait for background steps",
                  texts_of(step.wait));
    return wait(step, step.name ? display_name(step, job_) : "Wait for all background steps",
                background_.unwaited());
  }

  base::Result<void> wait(const workflow::Step& step, const std::string& name,
                          const std::vector<std::string>& ids) {
    const StepEvents events(*job_.log, name);
    say(ids.empty() ? "No background steps remaining to wait for."
                    : fmt::format("Waiting for background step(s) to complete: {}", names_of(ids)));
    TRY(const auto worst, background_.wait(ids));
    report(ids);
    StepResult result{worst, worst, {}};
    const auto tolerated = workflow::evaluate_boolean(step.continue_on_error, false, scope_of(job_));
    if (!tolerated) {
      report_failure(job_, tolerated.error());
      result = {Conclusion::failure, Conclusion::failure, {}};
    } else if (*tolerated && worst == Conclusion::failure) {
      result.conclusion = Conclusion::success;
    }
    events.finished(result);
    const auto failed = background_.first_failed(ids);
    merge_into_status(result.conclusion, failed.empty() ? name : failed, job_);
    record_outcome(step, result, job_);
    return {};
  }

  base::Result<void> cancel(const workflow::Step& step) {
    const auto ids = texts_of(step.cancel);
    const StepEvents events(*job_.log, step.name ? display_name(step, job_) : "Cancel background steps");
    say(fmt::format("Cancelling background step(s): {}", names_of(ids)));
    TRY(background_.cancel(ids));
    report(ids);
    const StepResult result;
    events.finished(result);
    record_outcome(step, result, job_);
    return {};
  }

  // Whatever no step has waited for; then a failure counts, also one that a wait has let pass.
  base::Result<void> wait_for_the_rest() {
    if (const auto ids = background_.unwaited(); !ids.empty()) {
      logs_.enter(++number_);
      TRY(wait({}, "Wait for all background steps", ids));
    }
    merge_into_status(background_.worst(), background_.first_failed(background_.all()), job_);
    return {};
  }

  void run_post_step() {
    logs_.enter(++number_);
    const StepEvents events(*job_.log, job_.post_steps.back().name);
    const auto conclusion = run_last_post_step(job_);
    events.finished({conclusion, conclusion, {}});
  }

  void say(const std::string& text) { job_.log->line(LineKind::output, text); }

  void report(const std::vector<std::string>& ids) {
    for (const auto& id : ids) {
      if (const auto line = background_.report_of(id); !line.empty()) say("  " + line);
    }
  }

  [[nodiscard]] std::string names_of(const std::vector<std::string>& ids) const {
    std::vector<std::string> names;
    for (const auto& id : ids) names.push_back(background_.name_of(id));
    return base::join(names, ", ");
  }

  RunningJob& job_;
  const StepLogs& logs_;
  const StepWatch& watch_;
  int number_ = 0;
  int pre_number_ = 0;
  BackgroundSteps background_;
};

}  // namespace

int numbers_of(const workflow::Step& step) {
  return step.parallel.empty() ? 1 : static_cast<int>(step.parallel.size()) + 1;
}

base::Result<void> run_steps(const std::vector<workflow::Step>& steps, RunningJob& job, const StepLogs& logs,
                             const StepWatch& watch) {
  return StepSequence(job, logs, watch).run(steps);
}

}  // namespace steps
