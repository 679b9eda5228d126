#pragma once
// Docker actions: an image, built from the action's Dockerfile or pulled, run once in a sandbox of its own at
// GitHub's places (actions/runner ContainerActionHandler.cs).

#include <memory>
#include <string>

#include "base/result.h"
#include "steps/action_uses.h"
#include "steps/step_run.h"

namespace steps {

/// Runs the part of the action that `run.scope.stage` names; pre and main register post.
base::Result<StepEffects> run_docker_action(StepRun& run, const std::shared_ptr<ActionUse>& use);
/// `uses: docker://image`.
base::Result<StepEffects> run_docker_image(StepRun& run, const std::string& image);

}  // namespace steps
