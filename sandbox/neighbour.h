#pragma once
// What sandboxes of namespaces can be asked beyond the interface: what they use, and for another one on their
// network. Containers of one task are such neighbours.

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "sandbox/sandbox.h"

namespace sandbox {

/// What went one way over the interfaces of a network.
struct Traffic {
  std::uint64_t bytes = 0;
  std::uint64_t packets = 0;
  std::uint64_t errors = 0;
  std::uint64_t dropped = 0;
};

/// What the processes of a sandbox have used, and hold by now.
struct Usage {
  double cpu_seconds = 0;          ///< since its beginning
  std::uint64_t memory_bytes = 0;  ///< but for pages of files, which others may share
  std::size_t processes = 0;
  Traffic received, sent;  ///< of its network, since that began; neighbours have the same
};

/// Of one that make_namespace_sandbox() made; an Error of any other, and of one that is gone.
base::Result<Usage> usage_of(Sandbox& sandbox);

/// What a neighbour may hold of the memory that it shares.
struct MemoryShare {
  std::uint64_t limit_bytes = 0;     ///< 0 is none of its own
  std::uint64_t reserved_bytes = 0;  ///< which the kernel takes from it last; 0 is none
  bool operator==(const MemoryShare&) const = default;
};

/// Another one with a root and processes of its own, on the first one's network: what listens on 127.0.0.1 in
/// one is found there by the other. Memory, processes and cores of both count against the first one's limits,
/// its memory against its share as well; the plan's own limits of these are not looked at. Only of one whose
/// network is isolated; either may end first.
base::Result<std::unique_ptr<Sandbox>> make_neighbour(Sandbox& first, const Plan& plan,
                                                      const MemoryShare& share = {});

}  // namespace sandbox
