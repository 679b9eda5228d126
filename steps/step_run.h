#pragma once
// What the ways of running a step share: the step while it runs, its process, and what it leaves behind.
// Internal to this room; run_step.h is its door.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/sandbox.h"
#include "steps/environment_files.h"
#include "steps/running_job.h"
#include "steps/step_output.h"
#include "workflow/contexts.h"
#include "workflow/workflow.h"

namespace steps {

struct ActionUse;

/// The parts of an action, each with its own place among the steps of the job.
enum class ActionStage { pre, main, post };

/// Where a step stands: directly in the job, or within composite actions.
struct StepScope {
  int depth = 0;                        ///< how many composite actions are around it
  OrderedVariables caller_environment;  ///< `env` of the steps that called them
  std::string action_path;              ///< the innermost one's folder
  std::string callers;                  ///< the ids of the steps that called them, `outer.inner`
  std::stop_token job_stop = {};        ///< within an action: the job's, not that of the calling step
  ActionStage stage = ActionStage::main;
  std::shared_ptr<ActionUse> use;  ///< of pre and post parts: what the step uses
};

/// A step between its condition and its outcome.
struct StepRun {
  const workflow::Step& step;
  RunningJob& job;
  const StepScope& scope;
  std::string name;
  OrderedVariables environment;        ///< job's, callers' and step's `env`
  std::stop_token stop;                ///< cancellation or time limit
  Outputs with;                        ///< inputs as given, of a `uses` step
  std::optional<Outputs> inputs = {};  ///< with the defaults of its action.yml, once they are known
  std::function<void()> show_start;    ///< what the log says first; said while the process is starting up
  OrderedVariables overrides = {};     ///< of `environment`: what callers' and its own `env` set
  std::shared_ptr<EnvironmentFiles> files = {};  ///< for its next process; `github` names them
  // Of a process that runs elsewhere than in the job's sandbox:
  sandbox::Sandbox* sandbox = nullptr;                 ///< absent: the job's
  std::function<sandbox::EnvVars()> make_environment;  ///< absent: as of every process of the job
  std::string_view ended = "Process completed";        ///< as it is said of a failed one
};

/// What a step leaves behind, however it was run.
struct StepEffects {
  Outputs outputs;
  NameValues environment;
  NameValues state;
  std::vector<std::string> search_path;
  std::string summary;
  bool failed = false;
  bool reported_timeout = false;  ///< a step within the action has said that its time was over
};

/// A step whose condition holds, with what was evaluated before it runs.
struct ReadyStep {
  std::string name;
  OrderedVariables environment;
  OrderedVariables overrides;  ///< of these, what callers' and its own `env` set
  double minutes = 0;          ///< its time limit; 0 is none
  bool continue_on_error = false;
  bool may_outlive_cancellation = true;  ///< when its condition holds in a cancelled job
};

/// A step that is ready, or what it came to without being run.
struct StepStart {
  std::optional<ReadyStep> ready;
  StepResult result;
};

/// Puts the contexts that a step changes back when it ends.
class ContextsOfStep {
 public:
  explicit ContextsOfStep(RunningJob& job)
      : job_(job), github_(job.contexts.get("github")), env_(job.contexts.get("env")) {}
  ContextsOfStep(const ContextsOfStep&) = delete;
  ContextsOfStep& operator=(const ContextsOfStep&) = delete;
  ~ContextsOfStep() {
    job_.contexts.set("github", github_);
    job_.contexts.set("env", env_);
  }

 private:
  RunningJob& job_;
  workflow::expression::Value github_;
  workflow::expression::Value env_;
};

/// The Error::code of what no step can help: the sandbox could not start or follow a process.
inline constexpr std::string_view kSandboxFailed = "sandbox";

/// The Error::code of a post step that failed and has said so in the log.
inline constexpr std::string_view kAlreadyReported = "reported";

/// What an expression in a step sees. Refers to the job.
workflow::Scope scope_of(const RunningJob& job);
/// Sets the `env` context to these variables.
void set_env_context(RunningJob& job, const OrderedVariables& environment);
/// Sets members of the `github` context, keeping the others.
void set_github(RunningJob& job, const std::map<std::string, std::string>& members);

/// Files for the step's next process, before anything of it is evaluated: `github.output` and the like are
/// their paths.
base::Result<void> open_environment_files(StepRun& run);

/// Runs a process of the step: environment files made and read, output through the step's commands. `more`
/// comes on top of the environment that all processes of a step get. A process that failed is an effect, not
/// an Error; its exit code is reported for scripts only, actions say themselves what went wrong.
base::Result<StepEffects> run_step_process(StepRun& run, sandbox::Command command,
                                           const sandbox::EnvVars& more,
                                           const std::vector<std::string>& fallback_argv = {});

/// The same of a JavaScript file, in the workspace, by a node program. An image's own goes before the
/// machine's.
base::Result<StepEffects> run_step_script(StepRun& run, const std::string& node, const std::string& file,
                                          const sandbox::EnvVars& more);

/// GITHUB_ENV and GITHUB_PATH into the job, the summary into the log.
void apply_to_job(const StepEffects& effects, RunningJob& job);

/// Reports the step's failure in the log; `error` becomes one annotation.
void report_failure(RunningJob& job, const base::Error& error);

/// The ways of running a step.
base::Result<StepEffects> run_script(StepRun& run);
base::Result<StepEffects> run_builtin_action(StepRun& run, const std::string& uses);
base::Result<StepEffects> run_sourced_action(StepRun& run, const std::string& uses);
base::Result<StepEffects> run_prepared_action(StepRun& run, const std::shared_ptr<ActionUse>& use);
base::Result<StepResult> run_step_in(const workflow::Step& step, RunningJob& job, const StepScope& scope);

/// `env` of the job and the step, evaluated; sets the contexts of the step.
base::Result<OrderedVariables> environment_of_step(const workflow::Step& step, RunningJob& job);
/// The folder that the step's process starts in, as the sandbox sees it.
base::Result<std::string> folder_of_step(const workflow::Step& step, const RunningJob& job);

/// The parts of run_step_in. Sets the contexts of the step and evaluates env, condition and limits.
StepStart start_of_step(const workflow::Step& step, RunningJob& job, const StepScope& scope);
/// Runs the step under its time limit and says how it went.
base::Result<StepResult> run_ready_step(const workflow::Step& step, RunningJob& job, const StepScope& scope,
                                        ReadyStep ready);
/// One post step, if its condition holds.
Conclusion run_post_step(const PostStep& post, RunningJob& job);
/// job.status becomes the worst of what it is and this, of the step of that name.
void merge_into_status(Conclusion conclusion, const std::string& name, RunningJob& job);
/// The step's entry in the `steps` context.
void record_outcome(const workflow::Step& step, const StepResult& result, RunningJob& job);

}  // namespace steps
