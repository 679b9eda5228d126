#pragma once
// The flags of deploy, rollback, status, rehearse and ecr. Only command_line.cpp calls this.

#include <CLI/CLI.hpp>

#include "cli/command_line.h"

namespace cli {

/// What those verbs were given, before it is known which of them it is.
struct DeployVerbs {
  DeployFlags deploy;
  RollbackFlags rollback;
  StatusFlags status;
  RehearseFlags rehearse;
  EcrFlags ecr;
};

void add_deploy_verbs(CLI::App& app, DeployVerbs& flags);
/// Sets `line.verb` when it is one of them.
void take_deploy_verb(const CLI::App& app, const DeployVerbs& flags, CommandLine& line);

}  // namespace cli
