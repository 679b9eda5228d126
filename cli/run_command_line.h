#pragma once
// `pipeline run` on the command line: its flags and help text, and those that other verbs share with it.

#include <CLI/CLI.hpp>

#include "cli/command_line.h"

namespace cli {

/// The event, and what comes with it.
void add_event_flags(CLI::App* verb, EventFlags& flags);
void add_run(CLI::App& app, RunFlags& flags);

}  // namespace cli
