#pragma once
// A shell for a person in the place of a step: the same sandbox, folder and environment. Not for scripts of
// steps (script).

#include <string>

#include "base/result.h"
#include "steps/running_job.h"

namespace steps {

/// Opens it on our standard input and output, and returns its exit code when it ends. Without a terminal it
/// reads commands from standard input. The step's `if` is not looked at.
base::Result<int> open_step_shell(const workflow::Step& step, RunningJob& job);

}  // namespace steps
