#pragma once
// What a container uses, in the words of Docker's statistics: `/stats` and `/task/stats` of the task metadata
// endpoint, version 4. Pure.

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "sandbox/neighbour.h"

namespace emulator {

/// A look at a container.
struct StatsSample {
  base::WallTime at;
  sandbox::Usage usage;
  double machine_cpu_seconds = 0;
};

struct MeasuredContainer {
  std::string docker_id;
  std::string name;
  std::uint64_t memory_limit = 0;
};

/// `before` is the look that shares are taken from.
base::Json container_stats(const MeasuredContainer& container, const StatsSample& now,
                           const std::optional<StatsSample>& before);

}  // namespace emulator
