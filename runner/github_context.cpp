#include "runner/github_context.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include "base/json.h"
#include "base/strings.h"

namespace runner {

using workflow::expression::Object;
using workflow::expression::Value;

namespace {

std::string short_ref(const std::string& ref) {
  for (const std::string_view prefix : {"refs/heads/", "refs/tags/", "refs/pull/"}) {
    if (ref.starts_with(prefix)) return ref.substr(prefix.size());
  }
  return ref;
}

std::string ref_type(const std::string& ref) {
  return ref.starts_with("refs/tags/") ? "tag" : "branch";
}

// A number that stays the same for a name: GitHub's ids are numbers, and policies may name them.
std::string id_of(const std::string& name) {
  std::uint64_t digest = 1469598103934665603ULL;
  for (const char c : name) digest = (digest ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return std::to_string(digest % 1'000'000'000);
}

}  // namespace

Value github_context(const RunOptions& options, const workflow::Workflow& workflow, const RunRecord& run) {
  const auto& event = options.event;
  const auto owner = options.repository_name.substr(0, options.repository_name.find('/'));
  const auto workflow_ref = fmt::format("{}/{}@{}", options.repository_name, workflow.path, event.ref);
  Object github;
  const std::pair<std::string_view, std::string> texts[] = {
      {"actor", options.actor},
      {"actor_id", id_of(options.actor)},
      {"triggering_actor", options.actor},
      {"api_url", "https://api.github.com"},
      {"graphql_url", "https://api.github.com/graphql"},
      {"server_url", "https://github.com"},
      {"base_ref", event.base_ref},
      {"head_ref", event.head_ref},
      {"event_name", event.name},
      {"ref", event.ref},
      {"ref_name", short_ref(event.ref)},
      {"ref_type", ref_type(event.ref)},
      {"repository", options.repository_name},
      {"repository_id", id_of(options.repository_name)},
      {"repository_owner", owner},
      {"repository_owner_id", id_of(owner)},
      {"repositoryUrl", fmt::format("git://github.com/{}.git", options.repository_name)},
      {"retention_days", "90"},
      {"run_id", std::to_string(run.id)},
      {"run_number", std::to_string(run.number)},
      {"run_attempt", "1"},
      {"secret_source", "Actions"},
      {"sha", event.sha},
      {"token", options.secrets.contains("GITHUB_TOKEN") ? options.secrets.at("GITHUB_TOKEN") : ""},
      {"workflow", workflow.name.value_or(workflow.path)},
      {"workflow_ref", workflow_ref},
      {"workflow_sha", event.sha},
  };
  for (const auto& [name, text] : texts) github.set(name, Value(text));
  github.set("ref_protected", Value(false));
  github.set("event", event.payload);
  return Value(std::move(github));
}

Value runner_context(const steps::JobFolders& folders) {
  utsname machine{};
  ::uname(&machine);
  const std::string_view name = machine.machine;
  Object runner;
  runner.set("name", Value("pipeline"));
  runner.set("os", Value("Linux"));
  runner.set("arch", Value(name == "aarch64" ? "ARM64" : (name == "x86_64" ? "X64" : "X86")));
  runner.set("environment", Value("self-hosted"));
  runner.set("temp", Value(folders.temp.inside));
  runner.set("tool_cache", Value(folders.tool_cache.inside));
  // The folder above the workspace's, as on a hosted runner.
  runner.set("workspace", Value(base::Path(folders.workspace.inside).parent_path().string()));
  return Value(std::move(runner));
}

base::Json oidc_claims(const Value& github, const std::string& environment) {
  const auto text = [&](std::string_view name) { return github.get(name).to_text(); };
  std::string subject = "repo:" + text("repository");
  if (!environment.empty()) {
    subject += ":environment:" + base::replace_all(environment, ":", "%3A");
  } else if (text("event_name") == "pull_request") {
    subject += ":pull_request";
  } else {
    subject += ":ref:" + text("ref");
  }
  base::Json claims = {{"sub", subject}};
  for (const std::string_view name :
       {"ref", "sha", "repository", "repository_owner", "repository_owner_id", "run_id", "run_number",
        "run_attempt", "repository_id", "actor_id", "actor", "workflow", "head_ref", "base_ref", "event_name",
        "ref_type", "workflow_ref", "workflow_sha"}) {
    claims[std::string(name)] = text(name);
  }
  claims["repository_visibility"] = "private";
  claims["ref_protected"] = "false";
  claims["runner_environment"] = "self-hosted";
  claims["job_workflow_ref"] = text("workflow_ref");
  claims["job_workflow_sha"] = text("workflow_sha");
  if (!environment.empty()) claims["environment"] = environment;
  return claims;
}

}  // namespace runner
