#pragma once
// Docker actions: an image, built from the action's Dockerfile or pulled, run once in a sandbox of its own at
// GitHub's places (actions/runner ContainerActionHandler.cs).

#include <string>

#include "base/result.h"
#include "steps/action_source.h"
#include "steps/step_run.h"

namespace steps {

/// Runs pre (of a remote action) and main; registers post.
base::Result<StepEffects> run_docker_action(StepRun& run, const LoadedAction& action);
/// `uses: docker://image`.
base::Result<StepEffects> run_docker_image(StepRun& run, const std::string& image);

}  // namespace steps
