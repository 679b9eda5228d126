#pragma once
// A process of a step from its start to its end: its output as lines, its end on request in three stages.
// Not for what the lines mean (step_output) nor for short commands without an audience (sandbox::run_to_end).

#include <chrono>
#include <functional>
#include <stop_token>
#include <string_view>

#include "base/result.h"
#include "sandbox/sandbox.h"
#include "steps/line_splitter.h"

namespace steps {

/// How long each stage waits (actions/runner ProcessInvoker.cs).
struct EndingTimes {
  std::chrono::milliseconds after_interrupt{7500};
  std::chrono::milliseconds after_terminate{2500};
  std::chrono::milliseconds after_exit{5000};  ///< for children that keep the output open
};

struct ProcessOptions {
  std::stop_token stop;  ///< asks for the end: SIGINT, SIGTERM, SIGKILL to the process group
  EndingTimes times;
  LineSplitter::SafeCut safe_cut;
  std::function<void()> meanwhile;  ///< called once the process has started
};

struct ProcessEnd {
  sandbox::ExitStatus status;
  bool stopped = false;          ///< the stop was asked for before it ended
  bool output_was_held = false;  ///< children kept the output open and were killed
};

/// Runs `command` with stdout and stderr in one pipe. Returns when it has ended and its output is read. A
/// program that cannot be started is a status with `failure` and code 126 or 127.
base::Result<ProcessEnd> run_process(sandbox::Sandbox& sandbox, sandbox::Command command,
                                     const LineSplitter::Receiver& on_lines, const ProcessOptions& options);

}  // namespace steps
