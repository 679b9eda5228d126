#pragma once
// `pipeline secret` and `pipeline variable` on the command line: their flags and help texts.

#include <CLI/CLI.hpp>

#include "cli/command_line.h"

namespace cli {

void add_secret(CLI::App& app, SecretVerbFlags& flags);
void add_variable(CLI::App& app, VariableFlags& flags);

}  // namespace cli
