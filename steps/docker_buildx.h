#pragma once
// `docker buildx` but for its builds: which builders there are. Each is this program, so they differ in name
// only; the names are kept where buildx keeps them, in $DOCKER_CONFIG/buildx/instances.

#include <optional>
#include <string>
#include <vector>

namespace steps {

/// Carries out `buildx VERB …` and returns the exit code; nothing when these arguments are something else.
/// Prints as docker does.
std::optional<int> run_buildx(const std::vector<std::string>& arguments);

}  // namespace steps
