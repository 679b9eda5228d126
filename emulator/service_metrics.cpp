#include "emulator/service_metrics.h"

#include <algorithm>
#include <cmath>

#include "emulator/ecs_state.h"

namespace emulator {

namespace {

using ServiceDimensions = std::map<std::string, std::string>;

constexpr double kMinute = 60;
constexpr double kPercent = 100;
constexpr double kCpuUnitsOfACore = 1024;

MetricBucket one_sample(double value) {
  MetricBucket bucket;
  bucket.add(value, 1);
  return bucket;
}

}  // namespace

ServiceMetrics::ServiceMetrics(MetricStore& metrics, double time_scale)
    : metrics_(metrics), minute_(std::max(kMinute / time_scale, MetricStore::kShortestPeriod)) {}

double ServiceMetrics::minute_of(double time) const {
  return std::floor(time / minute_);
}

bool ServiceMetrics::is_due(double now) const {
  return minute_of(now) != last_;
}

void ServiceMetrics::measure(const std::vector<TaskUsage>& tasks, double now) {
  last_ = minute_of(now);
  const double middle = (last_ - 0.5) * minute_;  // of the minute that is over
  std::map<std::string, Seen> seen;
  std::map<ServiceDimensions, double> running;
  for (const TaskUsage& task : tasks) {
    seen[task.task_id] = {now, task.total.cpu_seconds};
    if (task.service_name.empty()) continue;
    const ServiceDimensions dimensions{{"ClusterName", last_part(task.cluster_arn)},
                                       {"ServiceName", task.service_name}};
    ++running[dimensions];
    const auto before = seen_.find(task.task_id);
    if (before == seen_.end()) continue;
    const double seconds = now - before->second.at;
    const double used = std::max(0.0, task.total.cpu_seconds - before->second.cpu_seconds);
    if (seconds > 0 && task.cpu_units > 0) {
      const double cores = used / seconds;
      metrics_.put({"AWS/ECS", "CPUUtilization", dimensions}, middle,
                   one_sample(kPercent * cores * kCpuUnitsOfACore / task.cpu_units), "Percent");
    }
    if (task.memory_bytes > 0) {
      const double share =
          static_cast<double>(task.total.memory_bytes) / static_cast<double>(task.memory_bytes);
      metrics_.put({"AWS/ECS", "MemoryUtilization", dimensions}, middle, one_sample(kPercent * share),
                   "Percent");
    }
  }
  for (const auto& [dimensions, count] : running)
    metrics_.put({"ECS/ContainerInsights", "RunningTaskCount", dimensions}, middle, one_sample(count),
                 "Count");
  seen_ = std::move(seen);
}

}  // namespace emulator
