#pragma once
// What `rerun` and `shell` have in common: a run of the history with its request, and a session that is as
// the first one was. Not for what they do with it.

#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "cli/history.h"
#include "cli/run_request.h"
#include "cli/run_session.h"
#include "runner/scheduler.h"
#include "workflow/load_workflow.h"

namespace cli {

struct RunAgain {
  std::unique_ptr<runner::RunStore> store;
  runner::RunRecord run;
  RunRequest request;
  Session session;
  workflow::LoadedWorkflow loaded;  ///< of now; with diagnostics when it is wrong
};

enum class MayAsk { no, yes };

/// Goes to the folder that the run was begun in. Every secret that it had has a value again: from the flags,
/// a file, or the terminal; an Error names those that are missing.
base::Result<std::unique_ptr<RunAgain>> prepare_again(const CommonFlags& common, std::int64_t run,
                                                      const SecretFlags& secrets, MayAsk may_ask);

/// What is not run again when only failed jobs are, or one: of all that the attempts so far came to.
base::Result<std::map<std::string, runner::KeptResult>> results_to_keep(const RerunFlags& flags,
                                                                        const runner::RunRecord& run,
                                                                        runner::RunStore& store);

}  // namespace cli
