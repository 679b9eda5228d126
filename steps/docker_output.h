#pragma once
// What was built goes where an output says, for docker's front and docker/build-push-action alike.

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ecr/build.h"
#include "ecr/streamed_push.h"
#include "steps/build_output.h"
#include "steps/docker_verbs.h"

namespace steps {

/// An image on its way out; `built.manifest` is what its names stand for in the end.
struct Delivery {
  const DockerCall& call;
  RunningJob& job;
  ecr::BuiltImage& built;
  ecr::StreamedPush* begun = nullptr;
};

/// Before the build: what the outputs, together, ask of it. Those that push begin with its first layer.
base::Result<std::unique_ptr<ecr::StreamedPush>> prepare_outputs(const std::vector<BuildOutput>& outputs,
                                                                 const DockerCall& call, RunningJob& job,
                                                                 ecr::BuildOptions& options);

/// Pushes, or gives the output's names.
base::Result<void> deliver_image(const Delivery& delivery, const BuildOutput& output);

/// The bytes of an output that is streamed: a tar of the tree, or an archive of images.
base::Result<void> write_output(const Delivery& delivery, const BuildOutput& output,
                                const std::function<base::Result<void>(std::string_view)>& sink);

/// All outputs of a build that docker's front asked for. Streamed ones come last, each begun by its number;
/// their bytes go to `print`.
base::Result<void> deliver_to_front(const Delivery& delivery, const std::vector<BuildOutput>& outputs,
                                    const std::function<void(std::string_view)>& print);

}  // namespace steps
