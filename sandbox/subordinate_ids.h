#pragma once
// The ids that an ordinary user may map into user namespaces beside their own (subuid(5)).

#include <cstdint>
#include <optional>

namespace sandbox {

/// Where the user's ranges begin; each has at least kIdsPerSlot ids.
struct SubordinateIds {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

/// Nothing where the user has no ranges, or the machine not the programs that map them.
std::optional<SubordinateIds> find_subordinate_ids();

}  // namespace sandbox
