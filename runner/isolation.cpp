#include "runner/isolation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace runner {

namespace {

bool waits_for_values(const workflow::Node& node) {
  if (node.is_scalar()) return workflow::text_of(node).find("${{") != std::string::npos;
  return std::any_of(node.items.begin(), node.items.end(), waits_for_values) ||
         std::any_of(node.members.begin(), node.members.end(),
                     [](const auto& member) { return waits_for_values(member.value); });
}

bool certainly_asks(const workflow::Node& node) {
  return node.present() && node.kind != workflow::NodeKind::null && !waits_for_values(node);
}

base::Error refused(Isolation isolation, const std::string& what) {
  return base::make_error(
      base::ErrorKind::invalid_input,
      fmt::format("{}, which is a sandbox with namespaces; run it without {}", what, flag_of(isolation)));
}

}  // namespace

std::string_view to_string(Isolation isolation) {
  switch (isolation) {
    case Isolation::namespaces:
      return "namespaces";
    case Isolation::landlock:
      return "landlock";
    case Isolation::none:
      return "none";
  }
  return "";
}

std::string flag_of(Isolation isolation) {
  return fmt::format("--sandbox {}", to_string(isolation));
}

std::uint32_t owner_of_steps(Isolation isolation, std::uint32_t slot) {
  return isolation == Isolation::none ? ::geteuid() : sandbox::first_host_id(slot);
}

base::Error no_containers_with(Isolation isolation, const std::string& job) {
  return refused(isolation, fmt::format("job '{}' asks for a container", job));
}

base::Result<void> check_isolation(const workflow::Plan& plan, Isolation isolation) {
  if (isolation == Isolation::namespaces) return {};
  for (const auto& group : plan.groups) {
    const auto& job = *group.job;
    if (certainly_asks(job.container)) return no_containers_with(isolation, job.id);
    if (certainly_asks(job.services))
      return refused(isolation, fmt::format("job '{}' asks for a service container", job.id));
    for (const auto& step : job.steps) {
      if (!step.uses || !step.uses->text.starts_with("docker://")) continue;
      return refused(isolation,
                     fmt::format("step '{}' of job '{}' is a Docker action", step.uses->text, job.id));
    }
  }
  return {};
}

base::Result<std::unique_ptr<sandbox::Sandbox>> make_plain_sandbox(Isolation isolation,
                                                                   const sandbox::Plan& plan,
                                                                   steps::LogSink& log) {
  if (isolation == Isolation::none) {
    log.line(steps::LineKind::warning,
             "this job runs without a sandbox: its steps may do all that you may do");
    return sandbox::make_host_sandbox();
  }
  log.line(
      steps::LineKind::warning,
      "this job is held by landlock alone: its steps see the names of your files and processes, use your "
      "network, and may change modes and times of what you own (SECURITY.md)");
  return sandbox::make_landlock_sandbox(plan);
}

}  // namespace runner
