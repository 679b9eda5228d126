#include "steps/step_environment.h"

#include <array>
#include <utility>
#include <vector>

#include "base/strings.h"

namespace steps {
namespace {

using workflow::expression::Value;

constexpr std::string_view kBasePath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

constexpr std::array<std::string_view, 39> kGithubMembers = {
    "action",
    "action_path",
    "action_ref",
    "action_repository",
    "actor",
    "actor_id",
    "api_url",
    "artifacts",
    "artifacts_list",
    "base_ref",
    "env",
    "event_name",
    "event_path",
    "graphql_url",
    "head_ref",
    "job",
    "output",
    "path",
    "ref",
    "ref_name",
    "ref_protected",
    "ref_type",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "retention_days",
    "run_attempt",
    "run_id",
    "run_number",
    "server_url",
    "sha",
    "state",
    "step_summary",
    "triggering_actor",
    "workflow",
    "workflow_ref",
    "workflow_sha",
    "workspace",
};

/// NUL cannot be in an environment; a value is cut there as execve would.
std::string usable(std::string text) {
  const std::size_t end = text.find('\0');
  if (end != std::string::npos) text.resize(end);
  return text;
}

bool is_plain(const Value& value) {
  return !value.is_null() && !value.is_object() && !value.is_array();
}

/// GITHUB_* for the members of the `github` context that steps get; `github.token` is none of them.
void add_github_variables(const Value& github, sandbox::EnvVars& variables) {
  static const auto names = [] {
    std::vector<std::pair<std::string_view, std::string>> pairs;
    for (const auto member : kGithubMembers) pairs.emplace_back(member, "GITHUB_" + base::to_upper(member));
    return pairs;
  }();
  for (const auto& [member, variable] : names) {
    if (const Value value = github.get(member); is_plain(value))
      variables[variable] = usable(value.to_text());
  }
}

/// RUNNER_* for all members of the `runner` context.
void add_runner_variables(const Value& runner, sandbox::EnvVars& variables) {
  if (!runner.is_object()) return;
  for (const auto& [name, value] : runner.object().members()) {
    if (is_plain(value)) variables["RUNNER_" + base::to_upper(name)] = usable(value.to_text());
  }
}

}  // namespace

std::string input_variable(std::string_view name) {
  return "INPUT_" + base::to_upper(base::replace_all(name, " ", "_"));
}

sandbox::EnvVars step_variables(const RunningJob& job, const OrderedVariables& environment,
                                const Value& github, const Value& runner) {
  sandbox::EnvVars variables(environment.begin(), environment.end());
  for (auto& [name, value] : variables) value = usable(value);
  variables.erase("");
  std::erase_if(variables, [](const auto& entry) {
    return entry.first.find('=') != std::string::npos || entry.first.find('\0') != std::string::npos;
  });
  add_github_variables(github, variables);
  add_runner_variables(runner, variables);
  variables["GITHUB_ACTIONS"] = "true";
  variables.try_emplace("CI", "true");
  if (job.services != nullptr && !job.services->id_token_request_url.empty()) {
    variables["ACTIONS_ID_TOKEN_REQUEST_URL"] = job.services->id_token_request_url;
    variables["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = job.services->id_token_request_token;
  }
  return variables;
}

sandbox::EnvVars process_environment(const RunningJob& job, const OrderedVariables& environment,
                                     const Value& github, const Value& runner) {
  sandbox::EnvVars variables = step_variables(job, environment, github, runner);
  variables.insert(job.machine_environment.begin(), job.machine_environment.end());
  auto path = variables.find("PATH");
  std::string search = base::join(job.search_path, ":");
  const std::string below =
      path == variables.end() || path->second.empty() ? std::string(kBasePath) : path->second;
  variables["PATH"] = search.empty() ? below : search + ":" + below;
  return variables;
}

}  // namespace steps
