#include "steps/hook_step.h"

#include <fmt/format.h>

#include "base/files.h"
#include "steps/node_version.h"
#include "steps/script.h"
#include "steps/step_run.h"

namespace steps {
namespace {

constexpr const char* kNodeOfHooks = "node24";

/// As HostContext.GetDefaultShellForScript has it; none of the flags that `run` steps get, but `-e`.
ShellPlan shell_of_hook(const HookScript& hook, const RunningJob& job) {
  ShellPlan plan;
  plan.script = hook.text;
  plan.extension = base::Path(hook.file).extension();
  if (plan.extension == ".js") {
    const bool contained = job.root == JobRoot::container;
    plan.argv = {contained ? "node" : node_program(kNodeOfHooks), "{0}"};
    plan.fallback = job.node_in_container;
    if (!plan.fallback.empty()) plan.fallback.emplace_back("{0}");
  } else if (plan.extension == ".ps1") {
    plan.argv = {"pwsh", "-command", ". '{0}'"};
    plan.fallback = {"powershell", "-command", ". '{0}'"};
  } else {
    plan.argv = {"bash", "-e", "{0}"};
    plan.fallback = {"sh", "-e", "{0}"};
  }
  return plan;
}

base::Result<StepEffects> run_hook_script(StepRun& run, const HookScript& hook) {
  RunningJob& job = run.job;
  const ShellPlan plan = shell_of_hook(hook, job);
  TRY(auto written, ScriptFile::write(job, plan));
  auto file = std::make_shared<ScriptFile>(std::move(written));
  run.show_start = [&] {
    job.log->line(LineKind::output,
                  fmt::format("A job {} hook has been configured by the self-hosted runner administrator",
                              hook.moment));
    job.log->line(LineKind::group, fmt::format("Run '{}'", hook.file));
    job.log->line(LineKind::detail, fmt::format("shell: {}", shell_line(plan.argv)));
    job.log->line(LineKind::endgroup, "");
  };
  sandbox::Command command;
  command.argv = with_script_path(plan.argv, file->inside());
  command.directory = job.folders.workspace.inside;
  command.named_by_path = true;
  auto effects =
      run_step_process(run, std::move(command), {}, with_script_path(plan.fallback, file->inside()));
  job.chores->discarded.push_back(std::move(file));
  return effects;
}

}  // namespace

base::Result<StepResult> run_hook(const HookScript& hook, const std::string& name, RunningJob& job) {
  const ContextsOfStep contexts(job);
  workflow::Step step{.file = hook.file};
  step.run = workflow::Text{};
  const StepScope scope;
  StepRun run{step, job, scope, name, {}, job.abandoned, {}};
  auto effects = run_hook_script(run, hook);
  StepResult result;
  if (!effects) {
    if (effects.error().code == kSandboxFailed) return std::move(effects).error();
    report_failure(job, effects.error());
    result.outcome = Conclusion::failure;
  } else {
    apply_to_job(*effects, job);
    result.outcome = effects->failed ? Conclusion::failure : Conclusion::success;
  }
  result.conclusion = result.outcome;
  merge_into_status(result.conclusion, name, job);
  return result;
}

}  // namespace steps
