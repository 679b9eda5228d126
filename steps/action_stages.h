#pragma once
// The pre and post parts of actions: when they run, under which name and condition (actions/runner
// ActionRunner.cs). Not for how an action of one kind runs (node_action, composite_action).

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "steps/action_uses.h"
#include "steps/step_run.h"

namespace steps {

/// Whether the use has a pre part that runs: of another repository's action, or in a composite one.
bool has_pre_part(const ActionUse& use, const RunningJob& job);
/// Whether an action of the workspace has one, which does not run: it was not there before the first step.
bool has_local_pre_part(const ActionUse& use, const RunningJob& job);

/// `Pre Run owner/action@v1`; neither word is put before a name twice.
std::string name_of_part(ActionStage stage, const std::string& name);

/// Runs one part as a step of its own. The part's condition is that of the metadata.
base::Result<StepResult> run_action_part(const workflow::Step& step, const std::shared_ptr<ActionUse>& use,
                                         RunningJob& job, StepScope scope);

/// Makes the use's post part a post step of the job, once.
void register_post_part(const StepRun& run, const std::shared_ptr<ActionUse>& use);

}  // namespace steps
