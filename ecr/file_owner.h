#pragma once
// Whose a file of an image is: as root an id of the sandboxes' range; without root, where the disk takes only
// our own id, a note beside it which goes into the layer in the end. Links and devices take no note: they are
// root's.

#include <cstdint>
#include <optional>

#include "base/result.h"

namespace ecr {

struct FileOwner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

/// Of an open file or folder. `first_host_id` is what root's id inside is on the host.
base::Result<void> give_to(int fd, const FileOwner& owner, std::uint32_t first_host_id);
/// What was noted, of an open file or folder.
std::optional<FileOwner> noted_owner(int fd);

/// The name of the attribute, which never becomes part of a layer.
inline constexpr const char* kOwnerNote = "user.pipeline.owner";

}  // namespace ecr
