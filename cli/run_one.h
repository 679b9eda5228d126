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

/// Who asked for a run when that is not the user at a terminal, and what they want to know while it goes on.
/// Each member may be absent.
struct RunCaller {
  std::optional<workflow::expression::Value> github;  ///< members that take the place of our own in `github`
  std::optional<std::stop_token> stop;                ///< in place of Ctrl-C
  runner::EventStream::Reader display;                ///< in place of the terminal
  /// The run has a number and a folder; an Error ends it.
  std::function<base::Result<void>(const runner::RunRecord& run, const workflow::Plan& plan,
                                   const base::Path& folder)>
      on_begin;
  std::function<void(const runner::RunEvent& event)> on_event;
  /// A job starts, once this returns; an Error fails it.
  std::function<base::Result<void>(const workflow::PlannedJob& leg, const std::stop_token& stop)> before_job;
  std::function<void(const runner::FinishedLeg&)> on_finished;
  std::function<void(const runner::FinishedLeg&)> on_finished_call;
};

/// A new run, or one more attempt of a run.
struct RunStart {
  std::optional<runner::RunRecord> again;          ///< the run that gets one more attempt
  std::map<std::string, runner::KeptResult> kept;  ///< what earlier attempts came to, by job
  runner::Visit visit;                             ///< a shell, or a step to begin at
  RunCaller caller;
};

/// The exit code that fits how it ended. An Error means that it could not be run.
base::Result<int> run_one(const workflow::Workflow& workflow, const RunFlags& flags, Session& session,
                          const RunStart& start = {});

}  // namespace cli
