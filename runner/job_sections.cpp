#include "runner/job_sections.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "base/strings.h"
#include "runner/printable_text.h"
#include "steps/action_uses.h"

namespace runner {

using steps::LineKind;
using workflow::expression::Value;

namespace {

std::string machine_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

std::string sandbox_text(const RunOptions& options, const steps::RunningJob& job) {
  if (options.isolation == Isolation::none) return "none";
  if (options.isolation == Isolation::landlock) return "landlock alone, without namespaces";
  return fmt::format(
      "namespaces, {}, on {}", ::geteuid() == 0 ? "made by root" : "made without root",
      job.root == steps::JobRoot::container ? "the container's image" : "the machine's files, read-only");
}

std::string network_text(const NetworkPolicy& policy) {
  switch (policy.rule) {
    case NetworkRule::none:
      return "none";
    case NetworkRule::host:
      return "the machine's";
    case NetworkRule::audit:
      return "audit: everything passes and is reported";
    case NetworkRule::allow:
      break;
  }
  std::vector<std::string> allowed;
  for (const auto& host : policy.allowed)
    allowed.push_back(host.port == 0 ? host.name : fmt::format("{}:{}", host.name, host.port));
  return "allow " + base::join(allowed, ", ");
}

std::string limits_text(const sandbox::Limits& limits) {
  std::vector<std::string> parts;
  if (limits.memory_bytes > 0) parts.push_back("memory " + base::format_bytes(limits.memory_bytes));
  if (limits.processes > 0) parts.push_back(fmt::format("processes {}", limits.processes));
  if (limits.cpu_millis > 0) parts.push_back(fmt::format("CPUs {:g}", limits.cpu_millis / 1000.0));
  if (limits.open_files > 0) parts.push_back(fmt::format("open files {}", limits.open_files));
  if (limits.disk_bytes > 0) parts.push_back("disk " + base::format_bytes(limits.disk_bytes));
  return base::join(parts, ", ");
}

/// PullRequests, as GitHub's log has the scope pull-requests.
std::string scope_name(std::string_view scope) {
  std::string name;
  for (const auto& part : base::split(std::string(scope), '-')) {
    if (part.empty()) continue;
    name += base::to_upper(part.substr(0, 1)) + part.substr(1);
  }
  return name;
}

void say_group(steps::LogSink& log, const std::string& title, const std::vector<std::string>& lines) {
  log.line(LineKind::group, title);
  if (!lines.empty()) log.line(LineKind::detail, base::join(lines, "\n"));
  log.line(LineKind::endgroup, "");
}

void say_permissions(const workflow::PlannedJob& planned, steps::LogSink& log) {
  const auto& permissions = planned.job->effective_permissions;
  if (!permissions) return;
  std::vector<std::string> lines;
  for (const auto& [scope, level] : permissions->requested()) {
    if (level != workflow::PermissionLevel::none)
      lines.push_back(fmt::format("{}: {}", scope_name(scope), workflow::name_of(level)));
  }
  say_group(log, "GITHUB_TOKEN Permissions", lines);
}

void say_called_workflow(const steps::RunningJob& job) {
  const auto state = job.contexts.get("job");
  job.log->line(LineKind::detail, fmt::format("Uses: {} ({})", state.get("workflow_ref").to_text(),
                                              state.get("workflow_sha").to_text()));
  const auto inputs = job.contexts.get("inputs");
  if (!inputs.is_object() || inputs.object().empty()) return;
  std::vector<std::string> lines;
  for (const auto& [name, value] : inputs.object().members())
    lines.push_back(fmt::format("  {}: {}", name, value.to_text()));
  say_group(*job.log, " Inputs", lines);
}

}  // namespace

void say_surroundings(const workflow::PlannedJob& planned, const RunSurroundings& run,
                      const steps::RunningJob& job) {
  std::vector<std::string> lines{
      fmt::format("Runner name: '{}'", job.contexts.get("runner").get("name").to_text()),
      fmt::format("Machine name: '{}'", machine_name()),
      fmt::format("Sandbox: {}", sandbox_text(run.options, job))};
  if (run.options.isolation != Isolation::none) {
    lines.push_back(fmt::format("Network: {}", network_text(run.options.network)));
    if (const auto limits = limits_text(run.options.limits); !limits.empty())
      lines.push_back(fmt::format("Limits: {}", limits));
  }
  job.log->line(LineKind::detail, base::join(lines, "\n"));
  say_permissions(planned, *job.log);
  if (planned.workflow != &run.workflow) say_called_workflow(job);
  if (planned.job->snapshot.present()) {
    job.log->annotation({.level = LineKind::notice,
                         .message =
                             "The job's snapshot is not taken: images of custom runners are made of GitHub's "
                             "own runners only."});
  }
}

void warn_of_old_node(steps::RunningJob& job) {
  const auto actions = steps::actions_of(job).run_by_newer_node();
  if (actions.empty()) return;
  job.log->annotation(
      {.level = LineKind::warning,
       .message = fmt::format(
           "Node.js 20 is deprecated. The following actions target Node.js 20 but are being forced to run on "
           "Node.js 24: {}. For more information see: https://github.blog/changelog/"
           "2025-09-19-deprecation-of-node-20-on-github-actions-runners/",
           base::join(actions, ", "))});
}

void say_orphans(steps::RunningJob& job) {
  if (job.sandbox == nullptr) return;
  const auto processes = job.sandbox->processes();
  if (!processes) return;  // the sandbox is gone, and with it all of them
  job.log->line(LineKind::detail, "Cleaning up orphan processes");
  for (const auto& process : *processes) {
    job.log->line(LineKind::output, fmt::format("Terminate orphan process: pid ({}) ({})", process.id,
                                                base::replace_all(printable(process.name), "\n", " ")));
  }
}

}  // namespace runner
