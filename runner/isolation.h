#pragma once
// How jobs are kept apart from the machine, and what a way of doing so cannot give. Not the sandbox itself.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sandbox/sandbox.h"
#include "steps/log_sink.h"
#include "workflow/plan.h"

namespace runner {

/// How jobs are kept apart from the machine; all but the first only when asked for.
enum class Isolation { namespaces, landlock, none };
/// As the flag says it.
std::string_view to_string(Isolation isolation);
/// Whether a job's folders are inside where they are on the host.
inline bool keeps_host_paths(Isolation isolation) {
  return isolation != Isolation::namespaces;
}
/// The flag that it was asked for with.
std::string flag_of(Isolation isolation);
/// The host id of a job's steps.
std::uint32_t owner_of_steps(Isolation isolation, std::uint32_t slot);

/// Before anything runs: an error that names the first job which asks for what needs namespaces, as far as
/// that can be told without running.
base::Result<void> check_isolation(const workflow::Plan& plan, Isolation isolation);
/// The same of one job, of what only expressions said.
base::Error no_containers_with(Isolation isolation, const std::string& job);

/// One without namespaces, by landlock alone or not at all, and a line in the job's log that says so.
base::Result<std::unique_ptr<sandbox::Sandbox>> make_plain_sandbox(Isolation isolation,
                                                                   const sandbox::Plan& plan,
                                                                   steps::LogSink& log);

}  // namespace runner
