#pragma once
// What each verb of the docker front does, on the runner's side. Knows images and registries (ecr), not
// sockets.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_fwd.h"
#include "base/result.h"
#include "ecr/build.h"
#include "ecr/streamed_push.h"
#include "steps/copy_place.h"
#include "steps/docker_command.h"
#include "steps/running_job.h"

namespace steps {

class DockerContainers;

/// One request of a front.
struct DockerCall {
  DockerCommand command;
  std::string dockerfile;                          ///< its text
  std::string password;                            ///< of a login, from stdin or -p
  int context = -1;                                ///< an open folder, for build
  std::map<std::string, int> contexts;             ///< more of them, by name
  int input = -1;                                  ///< the front's standard input, for run and exec with -i
  std::string directory;                           ///< where the front runs
  std::map<std::string, std::string> environment;  ///< for a container: of files, and of the front's own
  DockerContainers* containers = nullptr;          ///< of the job
  std::map<std::string, std::string> secrets;      ///< of a build, by id
  std::map<std::string, int> agents;               ///< of a build: offers by id
  std::optional<CopiedThing> copied;               ///< by cp into a container; nothing: what stdin brings
  bool only_asked = false;                         ///< what cp would copy, without copying it
  std::stop_token stop;
  std::function<void(std::string_view)> print;     ///< to the front's stdout
  std::function<void(std::string_view)> complain;  ///< to its stderr
  std::function<void(std::size_t)> begin_output;   ///< of a build: what is printed next is this one's
};

/// What goes back besides output.
struct DockerAnswer {
  int exit_code = 0;
  std::string image_id;
  std::string container_id;
  std::string metadata;  ///< of a build, for --metadata-file
};

/// An Error is a sentence for stderr and exit code 1.
base::Result<DockerAnswer> carry_out(const DockerCall& call, RunningJob& job);

/// The parts of build and push (docker_build.cpp), for built-in actions that do more around them.
base::Result<ecr::BuildOptions> docker_build_options(const DockerCall& call, RunningJob& job);
/// Prints what the build checks find; exit code 1 if anything.
base::Result<DockerAnswer> docker_check(const DockerCall& call, RunningJob& job,
                                        const ecr::BuildOptions& options);
void tell_docker_built(const DockerCall& call, RunningJob& job, const ecr::BuiltImage& built, double seconds);
struct ImagePush {
  std::string source;  ///< what the store calls it
  ecr::ImageReference reference;
  ecr::StreamedPush* begun = nullptr;  ///< with layers of it on their way
};
/// Returns the manifest that the name stands for now.
base::Result<ecr::Descriptor> push_image(const DockerCall& call, RunningJob& job, const ImagePush& wanted);
/// Lets the build that `options` describes send its layers to these names while it makes more. Lives longer
/// than the build.
base::Result<std::unique_ptr<ecr::StreamedPush>> begin_push(const std::vector<std::string>& names,
                                                            const DockerCall& call, RunningJob& job,
                                                            ecr::BuildOptions& options);
/// An Error unless this machine builds for the platform; empty is its own.
base::Result<void> check_platform(const std::string& platform);

/// The verbs that move images (docker_build.cpp).
base::Result<DockerAnswer> docker_build(const DockerCall& call, RunningJob& job);
base::Result<DockerAnswer> docker_push(const DockerCall& call, RunningJob& job);
base::Result<DockerAnswer> docker_pull(const DockerCall& call, RunningJob& job);
/// The verbs that show them (docker_show.cpp).
base::Result<DockerAnswer> docker_images(const DockerCall& call, RunningJob& job);
base::Result<DockerAnswer> docker_inspect(const DockerCall& call, RunningJob& job);
base::Result<DockerAnswer> docker_version(const DockerCall& call);
/// What inspect found: a line each by --format, or all as one JSON array.
base::Result<void> print_inspected(const DockerCall& call, const base::Json& all);

}  // namespace steps
