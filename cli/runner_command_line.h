#pragma once
// `pipeline runner` on the command line: its flags and help texts.

#include <CLI/CLI.hpp>

#include "cli/command_line.h"

namespace cli {

void add_runner(CLI::App& app, RunnerFlags& flags);

}  // namespace cli
