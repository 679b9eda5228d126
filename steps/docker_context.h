#pragma once
// `docker context`: there is one, of this run, and it is called default.

#include <optional>
#include <string>
#include <vector>

namespace steps {

/// Carries out `context show|ls|inspect|use` and returns the exit code; nothing when these arguments are
/// something else. Prints as docker does.
std::optional<int> run_docker_context(const std::vector<std::string>& arguments);

}  // namespace steps
