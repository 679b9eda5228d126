#pragma once
// The `docker` command of a step: this program under another name, run inside the sandbox. It opens the files
// that its arguments name with the step's own rights and hands them to the job's DockerService.

namespace steps {

/// Whether the program was called as `docker`.
bool called_as_docker(const char* argv0);
/// The whole command; returns the exit code. Errors go to stderr.
int docker_front_main(int argc, char** argv);

}  // namespace steps
