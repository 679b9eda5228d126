#pragma once
// The actions that are built in, under the names that workflows already use. Each is one file in
// steps/builtin/ and one line in the table of builtin_actions.cpp; any version tag selects it.

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "steps/running_job.h"

namespace steps {

struct StepRun;

/// What a built-in is called with.
struct ActionCall {
  std::string uses;                           ///< as written, `actions/checkout@v4`
  std::string step_name;                      ///< as displayed
  std::map<std::string, std::string> inputs;  ///< `with:` evaluated; keys lower case; only what was given
  sandbox::EnvVars environment;               ///< what a process of this step would have
  std::stop_token stop;                       ///< cancellation or the step's time limit
  StepRun* step = nullptr;                    ///< for what runs a process of this step (run_step_process)
  /// The trimmed input, or the fallback when it is absent or empty.
  [[nodiscard]] std::string input(std::string_view name, std::string_view fallback = "") const;
  /// The environment variable, or "".
  [[nodiscard]] std::string variable(std::string_view name) const;
};

/// What a built-in leaves behind; applied also when it failed after all (see ActionOutcome).
struct ActionOutcome {
  Outputs outputs;
  std::vector<std::pair<std::string, std::string>> environment;  ///< for later steps, as GITHUB_ENV
  std::vector<std::string> search_path;                          ///< as GITHUB_PATH
  std::string summary;                                           ///< Markdown, as GITHUB_STEP_SUMMARY
  std::optional<PostStep> post;
  std::optional<base::Error> failure;  ///< set: the step failed, with this error line
  bool failed = false;                 ///< the step failed, and its log says why already
};

/// An Error is a failed step too; use ActionOutcome::failure when outputs or a post step must be kept.
using BuiltinAction = base::Result<ActionOutcome> (*)(const ActionCall& call, RunningJob& job);

/// The built-in for a `uses:` value, any version; nothing when there is none.
BuiltinAction find_builtin_action(std::string_view uses);
/// The same, but nothing for what the run asks to be fetched: `owner/name`, or `name` for any owner.
BuiltinAction builtin_for(std::string_view uses, const std::vector<std::string>& no_builtin);
/// The names of all built-ins.
std::vector<std::string> builtin_action_names();

namespace builtin {
/// GitHub's reading of a boolean input: `true` in any case, all else is false.
bool is_true(std::string_view text);

base::Result<ActionOutcome> checkout(const ActionCall& call, RunningJob& job);
base::Result<ActionOutcome> upload_artifact(const ActionCall& call, RunningJob& job);
base::Result<ActionOutcome> merge_artifacts(const ActionCall& call, RunningJob& job);
base::Result<ActionOutcome> download_artifact(const ActionCall& call, RunningJob& job);
base::Result<ActionOutcome> cache(const ActionCall& call, RunningJob& job);
base::Result<ActionOutcome> cache_restore(const ActionCall& call, RunningJob& job);
base::Result<ActionOutcome> cache_save(const ActionCall& call, RunningJob& job);
base::Result<ActionOutcome> setup_python(const ActionCall& call, RunningJob& job);
base::Result<ActionOutcome> setup_node(const ActionCall& call, RunningJob& job);
base::Result<ActionOutcome> setup_go(const ActionCall& call, RunningJob& job);
base::Result<ActionOutcome> setup_java(const ActionCall& call, RunningJob& job);
base::Result<ActionOutcome> docker_setup_buildx(const ActionCall& call, RunningJob& job);
base::Result<ActionOutcome> docker_setup_qemu(const ActionCall& call, RunningJob& job);
base::Result<ActionOutcome> docker_login(const ActionCall& call, RunningJob& job);
base::Result<ActionOutcome> docker_metadata(const ActionCall& call, RunningJob& job);
base::Result<ActionOutcome> docker_build_push(const ActionCall& call, RunningJob& job);
base::Result<ActionOutcome> github_script(const ActionCall& call, RunningJob& job);
base::Result<ActionOutcome> configure_aws_credentials(const ActionCall& call, RunningJob& job);
base::Result<ActionOutcome> amazon_ecr_login(const ActionCall& call, RunningJob& job);
base::Result<ActionOutcome> amazon_ecs_render_task_definition(const ActionCall& call, RunningJob& job);
base::Result<ActionOutcome> amazon_ecs_deploy_task_definition(const ActionCall& call, RunningJob& job);
}  // namespace builtin

}  // namespace steps
