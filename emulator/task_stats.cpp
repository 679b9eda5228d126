#include "emulator/task_stats.h"

#include <unistd.h>

#include <chrono>
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

void add_traffic(base::Json& network, const std::string& way, const sandbox::Traffic& traffic) {
  network[way + "_bytes"] = traffic.bytes;
  network[way + "_packets"] = traffic.packets;
  network[way + "_errors"] = traffic.errors;
  network[way + "_dropped"] = traffic.dropped;
}

base::Json network_stats(const sandbox::Usage& usage) {
  base::Json network = base::Json::object();
  add_traffic(network, "rx", usage.received);
  add_traffic(network, "tx", usage.sent);
  return network;
}

base::Json network_rates(const StatsSample& now, const StatsSample& before) {
  const double seconds = std::chrono::duration<double>(now.at - before.at).count();
  const auto rate = [&](std::uint64_t bytes, std::uint64_t bytes_before) {
    const double more = bytes > bytes_before ? static_cast<double>(bytes - bytes_before) : 0;
    return seconds > 0 ? more / seconds : 0;
  };
  return {{"rx_bytes_per_sec", rate(now.usage.received.bytes, before.usage.received.bytes)},
          {"tx_bytes_per_sec", rate(now.usage.sent.bytes, before.usage.sent.bytes)}};
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
          {"memory_stats", {{"usage", now.usage.memory_bytes}, {"limit", container.memory_limit}}},
          {"networks", {{"eth1", network_stats(now.usage)}}},
          {"network_rate_stats", before ? network_rates(now, *before) : base::Json::object()}};
}

}  // namespace emulator
