#pragma once
// The image of a container, found in the emulator's own registry and unpacked; and the user it runs as. Not
// for running it (task.h).

#include <functional>
#include <string>
#include <vector>

#include "ecr/image_store.h"

namespace emulator {

/// The digest of a repository's image by tag or digest; the error says whether the repository or the image is
/// missing.
using FindManifest =
    std::function<base::Result<std::string>(const std::string& repository, const std::string& key)>;

struct TaskImage {
  std::string digest;  ///< of what the tag named, as DescribeTasks shows it
  ecr::ImageConfig config;
  ecr::Manifest manifest;
};

/// Hosts that mean this registry: loopback with any port, and `<account>.dkr.ecr.<region>.amazonaws.com`.
bool is_own_registry(std::string_view host);
/// Errors start with `CannotPullContainerError: `, as ECS words them. `pinned_digest` wins over the tag.
base::Result<TaskImage> find_task_image(const ecr::ImageStore& store, const FindManifest& find,
                                        const std::string& image, const std::string& pinned_digest);

}  // namespace emulator
