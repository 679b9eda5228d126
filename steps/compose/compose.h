#pragma once
// `docker compose` in a step, for what CI uses of it: reads the files with the step's own rights and asks the
// job's DockerService for containers, as Compose asks an engine. What it made is known by its labels.

#include <string>
#include <vector>

namespace steps::compose {

/// `arguments` behind `docker compose`; returns the exit code. Errors go to stderr.
int compose_main(const std::vector<std::string>& arguments);

}  // namespace steps::compose
