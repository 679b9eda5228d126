#pragma once
// Two connected sockets, and what comes from one goes to the other until both have ended: spliced, without a
// copy through this process.

#include <cstdint>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace runner {

struct RelayedBytes {
  std::uint64_t sent = 0;      ///< from the first to the second
  std::uint64_t received = 0;  ///< back
};

/// `wake` becoming readable ends it. A side that breaks ends both.
RelayedBytes relay(int first, int second, int wake);

}  // namespace runner
