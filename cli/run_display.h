#pragma once
// How a run is shown while it goes on, as the flags and the terminal say. Not for what the displays look like
// (runner/).

#include "cli/command_line.h"
#include "runner/run_event.h"
#include "workflow/plan.h"

namespace cli {

/// The reader of the event stream that shows it on standard output. `debug` shows debug lines, too.
runner::EventStream::Reader make_display(const RunFlags& flags, const workflow::Plan& plan, bool debug);

/// An Error when `--log-format live` is asked for where it cannot be.
base::Result<void> check_log_format(const RunFlags& flags);

/// Writes what the steps wrote to their summaries, to the file of `--summary` or standard output for `-`.
base::Result<void> write_step_summaries(const std::string& markdown, const std::string& file);

}  // namespace cli
