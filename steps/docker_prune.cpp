#include "steps/docker_prune.h"

#include "steps/docker_containers.h"
#include "steps/docker_networks.h"
#include "steps/docker_volumes.h"

namespace steps {
namespace {

using base::Result;

void prune_containers(const DockerCall& call) {
  call.print("Deleted Containers:\n");
  for (const auto& container : call.containers->list()) {
    if (container->state().phase == ContainerPhase::running) continue;
    call.containers->remove(*container);
    call.print(container->id() + "\n");
  }
}

void keep_images(const DockerCall& call) {
  call.complain(
      "docker: images and build caches are this machine's and stay; `pipeline image prune` removes what "
      "nobody uses\n");
}

Result<void> prune_system(const DockerCall& call, RunningJob& job) {
  prune_containers(call);
  auto part = call;
  part.command.verb = DockerVerb::network_prune;
  TRY(docker_network(part));
  if (call.command.with_volumes) {
    part.command.verb = DockerVerb::volume_prune;
    TRY(docker_volume(part, job));
  }
  keep_images(call);
  return {};
}

}  // namespace

Result<DockerAnswer> docker_prune(const DockerCall& call, RunningJob& job) {
  const auto verb = call.command.verb;
  // Of images nothing goes anyway.
  if (!call.command.filters.empty() && verb != DockerVerb::image_prune)
    return base::invalid_input("docker prune: --filter is not supported here");
  if (verb == DockerVerb::container_prune) {
    prune_containers(call);
  } else if (verb == DockerVerb::image_prune) {
    keep_images(call);
  } else {
    TRY(prune_system(call, job));
  }
  call.print("Total reclaimed space: 0B\n");
  return DockerAnswer{};
}

}  // namespace steps
