// `run:` steps: shell, folder, script file, process; the log's opening lines.

#include <fmt/format.h>

#include "base/process.h"
#include "base/strings.h"
#include "steps/script.h"
#include "steps/step_log.h"
#include "steps/step_run.h"
#include "workflow/plan.h"

namespace steps {
namespace {

/// The step's own text, else the job's default, else the workflow's; composite steps have no defaults.
base::Result<std::string> own_or_default(const std::optional<workflow::Text>& own,
                                         const std::optional<workflow::Text> workflow::Defaults::*member,
                                         const RunningJob& running, int depth) {
  const workflow::Text* text = nullptr;
  if (own) {
    text = &*own;
  } else if (depth == 0) {
    const workflow::Job* job = running.planned != nullptr ? running.planned->job : nullptr;
    if (job != nullptr && job->defaults.*member) {
      text = &*(job->defaults.*member);
    } else if (running.workflow_defaults.*member) {
      text = &*(running.workflow_defaults.*member);
    }
  }
  if (text == nullptr) return std::string();
  return workflow::evaluate_text(*text, scope_of(running));
}

std::string folder_of(const std::string& given, const RunningJob& job) {
  if (given.empty()) return job.folders.workspace.inside;
  if (given.front() == '/') return given;
  return (base::Path(job.folders.workspace.inside) / given).lexically_normal().string();
}

}  // namespace

base::Result<std::string> folder_of_step(const workflow::Step& step, const RunningJob& job) {
  TRY(const std::string folder,
      own_or_default(step.working_directory, &workflow::Defaults::working_directory, job, 0));
  return folder_of(folder, job);
}

base::Result<StepEffects> run_script(StepRun& run) {
  TRY(const std::string text, workflow::evaluate_text(*run.step.run, scope_of(run.job)));
  TRY(const std::string shell,
      own_or_default(run.step.shell, &workflow::Defaults::shell, run.job, run.scope.depth));
  TRY(const std::string folder,
      own_or_default(run.step.working_directory, &workflow::Defaults::working_directory, run.job,
                     run.scope.depth));
  auto planned = plan_script(text, shell, run.job.root);
  if (!planned) {
    open_script_log(run, text, base::split(shell, ' '));
    return std::move(planned).error();
  }
  const ShellPlan plan = std::move(*planned);
  TRY(auto written, ScriptFile::write(run.job, plan));
  auto file = std::make_shared<ScriptFile>(std::move(written));
  run.show_start = [&] { open_script_log(run, text, plan.argv); };
  sandbox::Command command;
  command.argv = with_script_path(plan.argv, file->inside());
  command.directory = folder_of(folder, run.job);
  command.named_by_path = run.job.root == JobRoot::host;
  auto effects =
      run_step_process(run, std::move(command), {}, with_script_path(plan.fallback, file->inside()));
  run.job.chores->discarded.push_back(std::move(file));
  return effects;
}

}  // namespace steps
