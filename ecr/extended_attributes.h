#pragma once
// Extended attributes between disk and layers: which of them belong to an image, what marks an opaque folder,
// and file capabilities, which the kernel ties to the ids of a user namespace.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ecr {

using ExtendedAttributes = std::vector<std::pair<std::string, std::string>>;

/// Those of an open file that go into a layer: security.capability (its root id taken away) and user.*, but
/// never what an overlay keeps there.
ExtendedAttributes read_attributes(int fd);
/// Sets those of a layer's entry that may come out of one; what the disk refuses is left away.
void write_attributes(int fd, const ExtendedAttributes& attributes, std::uint32_t first_host_id);

/// Whether an overlay shows nothing of the layers below in this folder.
bool is_opaque(int folder);
/// False when the disk cannot say so.
bool make_opaque(int folder);

}  // namespace ecr
