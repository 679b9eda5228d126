#pragma once
// Logging in to and out of a registry for the docker commands of a job: in the runner's memory, and with
// `--docker host` in the machine's engine too. Not for how a password is come by.

#include <string>

#include "steps/builtin_actions.h"

namespace steps::builtin {

/// Remembers the login; masking its password is the caller's. With `--docker host` the engine's own command
/// is given it, over stdin.
base::Result<void> open_registry(const std::string& host, const RegistryLogin& login, const ActionCall& call,
                                 RunningJob& job);
/// Forgets it. What the engine says to that is no failure.
void close_registry(const std::string& host, const sandbox::EnvVars& environment, RunningJob& job);

}  // namespace steps::builtin
