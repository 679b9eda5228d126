#pragma once
// One run of one workflow: its number, folders and event stream, then the scheduler, then the history.

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/command_line.h"
#include "cli/run_session.h"
#include "runner/scheduler.h"
#include "workflow/workflow.h"

namespace cli {

/// A run of one job that a forge asked for and follows.
struct ForgeRun {
  workflow::expression::Value github;  ///< members that take the place of our own in `github`
  std::stop_token stop;                ///< in place of Ctrl-C
  runner::EventStream::Reader reader;  ///< in place of the display
  std::function<void(const runner::FinishedLeg&)> on_finished;
};

/// What somebody else wants to know of a run while it goes on; each may be absent.
struct RunHooks {
  /// It has a number and a folder; an Error ends it.
  std::function<base::Result<void>(const runner::RunRecord& run, const workflow::Plan& plan,
                                   const base::Path& folder)>
      on_begin;
  std::function<void(const runner::RunEvent& event)> on_event;
  /// A job starts; an Error fails it.
  std::function<base::Result<void>(const workflow::PlannedJob& leg)> before_job;
};

/// A new run, or one more attempt of a run.
struct RunStart {
  std::optional<runner::RunRecord> again;          ///< the run that gets one more attempt
  std::map<std::string, runner::KeptResult> kept;  ///< what earlier attempts came to, by job
  runner::Visit visit;                             ///< a shell, or a step to begin at
  const ForgeRun* forge = nullptr;                 ///< who asked for it, when that is not the user
  RunHooks hooks;
};

/// The exit code that fits how it ended. An Error means that it could not be run.
base::Result<int> run_one(const workflow::Workflow& workflow, const RunFlags& flags, Session& session,
                          const RunStart& start = {});

}  // namespace cli
