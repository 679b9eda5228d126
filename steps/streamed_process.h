#pragma once
// A process in the job's sandbox that bytes are piped through: how built-ins read and write what steps see,
// with the steps' rights and no more. Not for the processes of steps (running_process).

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sandbox/sandbox.h"

namespace steps {

struct ProcessStreams {
  /// What it writes to its standard output, piece by piece; without it, that goes nowhere.
  std::function<base::Result<void>(std::string_view bytes)> output;
  /// What it reads: fills up to `size` bytes and returns how many; 0 ends it. Without it, nothing.
  std::function<base::Result<std::size_t>(char* buffer, std::size_t size)> input;
  /// What it writes to its standard error; without it, the beginning is kept.
  std::function<base::Result<void>(std::string_view bytes)> error;
  std::function<void(int id)> started;  ///< told the process's id in the sandbox
  std::stop_token stop;                 ///< kills it
  /// How long children of it may keep its output open when it has ended.
  std::chrono::milliseconds after_exit{5000};
};

struct StreamedEnd {
  sandbox::ExitStatus status;
  std::string errors;  ///< the beginning of its standard error
};

/// Runs the command to its end. An error of `output` or `input` kills it and is returned; that it failed is a
/// status.
base::Result<StreamedEnd> run_streamed(sandbox::Sandbox& sandbox, sandbox::Command command,
                                       const ProcessStreams& streams);

/// The same, and an Error when it did not succeed: `what` and the end of what it said.
base::Result<void> run_streamed_or_fail(sandbox::Sandbox& sandbox, sandbox::Command command,
                                        const ProcessStreams& streams, const std::string& what);

}  // namespace steps
