#pragma once
// The images of a job's Docker actions: built from their Dockerfiles or pulled, once in a job, before its
// first step as far as they are known by then (actions/runner ActionManager.cs ContainerSetupSteps). Not for
// running them (docker_action).

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "steps/action_uses.h"
#include "steps/running_job.h"

namespace steps {

/// The image of an action whose metadata says that it is one of Docker.
base::Result<std::shared_ptr<const ecr::Image>> image_of_action(ActionUse& use, RunningJob& job,
                                                                const std::stop_token& stop);
/// The image of `uses: docker://image`.
base::Result<std::shared_ptr<const ecr::Image>> image_of_step(const std::string& uses, RunningJob& job,
                                                              const std::stop_token& stop);

/// An image that steps need, as a step of its own: `Pull alpine:3`, `Build owner/repo@v1`.
struct ActionImage {
  std::string title;
  std::function<base::Result<void>()> obtain;
};
/// Of these steps, those within composite actions among them: what is to be pulled, then what is to be built,
/// each once. Of actions of the workspace only what they themselves use: their own files may yet change. The
/// steps and the job have to live as long.
std::vector<ActionImage> images_of_steps(const std::vector<const workflow::Step*>& steps, RunningJob& job,
                                         const std::stop_token& stop);

}  // namespace steps
