#pragma once
// The verbs that look at past and running runs, on the command line: their flags and help texts.

#include <CLI/CLI.hpp>

#include "cli/command_line.h"

namespace cli {

/// Of all of them, while the command line is read.
struct HistoryFlags {
  RunsFlags runs;
  ShowFlags show;
  LogsFlags logs;
  RerunFlags rerun;
  ShellFlags shell;
  CancelFlags cancel;
  GcFlags gc;
  DecideFlags decide;
};

void add_history_verbs(CLI::App& app, HistoryFlags& flags);
/// Sets the verb when it is one of these.
void take_history_verb(const CLI::App& app, const HistoryFlags& flags, CommandLine& line);

}  // namespace cli
