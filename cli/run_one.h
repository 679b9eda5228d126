#pragma once
// One run of one workflow: its number, folders and event stream, then the scheduler, then the history.

#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/command_line.h"
#include "cli/run_session.h"
#include "runner/scheduler.h"
#include "workflow/workflow.h"

namespace cli {

/// A new run, or one more attempt of a run.
struct RunStart {
  std::optional<runner::RunRecord> again;          ///< the run that gets one more attempt
  std::map<std::string, runner::KeptResult> kept;  ///< what earlier attempts came to, by job
  runner::Visit visit;                             ///< a shell, or a step to begin at
};

/// The exit code that fits how it ended. An Error means that it could not be run.
base::Result<int> run_one(const workflow::Workflow& workflow, const RunFlags& flags, Session& session,
                          const RunStart& start = {});

}  // namespace cli
