#include "runner/github_context.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include "base/json.h"
#include "base/strings.h"
#include "workflow/github_context.h"

namespace runner {

using workflow::expression::Object;
using workflow::expression::Value;

namespace {

// A number that stays the same for a name: GitHub's ids are numbers, and policies may name them.
std::string id_of(const std::string& name) {
  std::uint64_t digest = 1469598103934665603ULL;
  for (const char c : name) digest = (digest ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return std::to_string(digest % 1'000'000'000);
}

}  // namespace

Value github_context(const RunOptions& options, const workflow::Workflow& workflow, const RunRecord& run) {
  auto origin = workflow::origin_of(options.event.payload, {.repository = options.repository_name});
  // Who runs it may be another than the one who caused the event.
  if (origin.actor != options.actor) origin.actor_id.clear();
  origin.actor = options.actor;
  for (auto [id, name] :
       {std::pair(&origin.actor_id, &origin.actor), std::pair(&origin.repository_id, &origin.repository),
        std::pair(&origin.repository_owner_id, &origin.repository_owner)}) {
    if (id->empty()) *id = id_of(*name);
  }
  return workflow::github_context(
      options.event, origin,
      {.workflow_name = workflow.name.value_or(""),
       .workflow_path = workflow.path,
       .run_id = run.id,
       .run_number = run.number,
       .run_attempt = run.attempt,
       .token = options.secrets.contains("GITHUB_TOKEN") ? options.secrets.at("GITHUB_TOKEN") : ""});
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

WorkflowOrigin origin_of(const workflow::Workflow& workflow, const workflow::Workflow& of_the_run,
                         const Value& github) {
  WorkflowOrigin origin{.ref = github.get("workflow_ref").to_text(),
                        .sha = github.get("workflow_sha").to_text(),
                        .repository = github.get("repository").to_text()};
  const bool called = &workflow != &of_the_run;
  const auto at = origin.ref.rfind('@');
  if (called && workflow.path.starts_with("./")) {
    // Of the caller's repository and commit.
    origin.ref =
        fmt::format("{}/{}{}", origin.repository, workflow.path.substr(2),
                    at == std::string::npos ? std::string_view() : std::string_view(origin.ref).substr(at));
  } else if (called) {
    origin.ref = workflow.path;
    origin.sha.clear();
    const auto owner = origin.ref.find('/');
    origin.repository = origin.ref.substr(0, origin.ref.find('/', owner + 1));
  }
  const std::string_view path = std::string_view(origin.ref).substr(0, origin.ref.rfind('@'));
  if (path.starts_with(origin.repository + "/")) origin.file_path = path.substr(origin.repository.size() + 1);
  return origin;
}

base::Json oidc_claims(const Value& github, const std::string& environment, const WorkflowOrigin& origin) {
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
  claims["job_workflow_ref"] = origin.ref;
  claims["job_workflow_sha"] = origin.sha;
  if (!environment.empty()) claims["environment"] = environment;
  return claims;
}

}  // namespace runner
