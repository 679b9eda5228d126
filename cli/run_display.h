#pragma once
// Shows a run's event stream to the user, in the format of the flags.

#include "cli/command_line.h"
#include "runner/run_event.h"
#include "workflow/plan.h"

namespace cli {

/// A reader of the stream that prints. `debug` shows ::debug:: lines, too.
runner::EventStream::Reader make_display(const RunFlags& flags, const workflow::Plan& plan, bool debug);

}  // namespace cli
