#pragma once
// `pipeline run` on the command line: its flags and help text, and those that other verbs share with it.

#include <CLI/CLI.hpp>

#include "cli/command_line.h"

namespace cli {

/// The event, and what comes with it.
void add_event_flags(CLI::App* verb, EventFlags& flags);
/// Where actions of other repositories come from.
void add_action_flags(CLI::App* verb, ActionFlags& flags);
/// A token for them, of a verb that has no other secrets.
void add_token_flag(CLI::App* verb, ActionFlags& flags);
/// What jobs run in, and their limits.
void add_job_flags(CLI::App* verb, RunFlags& flags);
void add_lock(CLI::App& app, LockFlags& flags);
void add_run(CLI::App& app, RunFlags& flags);

}  // namespace cli
