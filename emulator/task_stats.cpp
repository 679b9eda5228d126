#include "emulator/task_stats.h"

#include <unistd.h>

#include <cmath>

namespace emulator {

namespace {

constexpr double kNanoseconds = 1e9;

std::int64_t nanoseconds(double seconds) {
  return std::llround(seconds * kNanoseconds);
}

base::Json cpu_stats(const StatsSample& sample) {
  return {{"cpu_usage", {{"total_usage", nanoseconds(sample.usage.cpu_seconds)}}},
          {"system_cpu_usage", nanoseconds(sample.machine_cpu_seconds)},
          {"online_cpus", ::sysconf(_SC_NPROCESSORS_ONLN)}};
}

}  // namespace

base::Json container_stats(const MeasuredContainer& container, const StatsSample& now,
                           const std::optional<StatsSample>& before) {
  return {{"read", base::format_iso8601(now.at)},
          {"preread", before ? base::format_iso8601(before->at) : "0001-01-01T00:00:00Z"},
          {"id", container.docker_id},
          {"name", container.name},
          {"pids_stats", {{"current", now.usage.processes}}},
          {"cpu_stats", cpu_stats(now)},
          {"precpu_stats", before ? cpu_stats(*before) : base::Json::object()},
          {"memory_stats", {{"usage", now.usage.memory_bytes}, {"limit", container.memory_limit}}}};
}

}  // namespace emulator
