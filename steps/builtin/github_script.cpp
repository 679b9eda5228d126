// actions/github-script: the machine's node runs a script of ours in the sandbox, which runs the step's.

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "steps/builtin/github_script_files.h"
#include "steps/builtin_actions.h"
#include "steps/job_files.h"
#include "steps/step_environment.h"
#include "steps/step_run.h"

namespace steps::builtin {
namespace {

constexpr std::string_view kFolder = "_builtin/github-script";

struct InputDefault {
  const char* name;
  const char* value;
};
constexpr InputDefault kInputs[] = {{"script", ""},     {"github-token", ""},
                                    {"debug", "false"}, {"user-agent", "actions/github-script"},
                                    {"previews", ""},   {"result-encoding", "json"},
                                    {"retries", "0"},   {"retry-exempt-status-codes", "400,401,403,404,422"},
                                    {"base-url", ""}};

sandbox::EnvVars input_variables(const ActionCall& call, const RunningJob& job) {
  sandbox::EnvVars variables = job.runtime_environment;
  for (const InputDefault& input : kInputs) variables[input_variable(input.name)] = input.value;
  variables[input_variable("github-token")] = job.contexts.get("github").get("token").to_text();
  if (job.contexts.get("runner").get("debug").to_text() == "1") variables[input_variable("debug")] = "true";
  // As they are: blanks around a script are the script's.
  for (const auto& [name, value] : call.inputs) variables[input_variable(name)] = value;
  return variables;
}

void warn_of_unknown_inputs(const ActionCall& call, RunningJob& job) {
  std::vector<std::string> unknown;
  std::vector<std::string> valid;
  for (const InputDefault& input : kInputs) valid.push_back(fmt::format("'{}'", input.name));
  for (const auto& [name, value] : call.inputs) {
    const std::string shown = fmt::format("'{}'", name);
    if (std::find(valid.begin(), valid.end(), shown) == valid.end()) unknown.push_back(shown);
  }
  if (unknown.empty()) return;
  job.log->annotation({.level = LineKind::warning,
                       .message = fmt::format("Unexpected input(s) {}, valid inputs are [{}]",
                                              base::join(unknown, ", "), base::join(valid, ", "))});
}

/// Our files, where the step can read them. Anew each time: a step before may have changed them.
base::Result<std::string> place_files(const RunningJob& job) {
  TRY(auto actions, base::open_directory(job.folders.actions.host));
  TRY(auto folder, make_folder_for_steps(actions.get(), kFolder, job.services->host_uid));
  for (const ScriptFile& file : github_script_files()) {
    TRY(create_file_for_steps(folder.get(), std::string(file.name), file.text, 0644, job.services->host_uid));
  }
  return fmt::format("{}/{}", job.folders.actions.inside, kFolder);
}

}  // namespace

base::Result<ActionOutcome> github_script(const ActionCall& call, RunningJob& job) {
  if (call.input("script").empty())
    return base::make_error(base::ErrorKind::invalid_input, "Input required and not supplied: script");
  warn_of_unknown_inputs(call, job);
  TRY(const std::string folder, place_files(job));
  set_github(job, {{"action_path", folder}, {"action_repository", "actions/github-script"}});
  TRY(auto effects, run_step_script(*call.step, "node", folder + "/main.js", input_variables(call, job)));
  ActionOutcome outcome;
  outcome.outputs = std::move(effects.outputs);
  outcome.environment = std::move(effects.environment);
  outcome.search_path = std::move(effects.search_path);
  outcome.summary = std::move(effects.summary);
  outcome.failed = effects.failed;
  return outcome;
}

}  // namespace steps::builtin
