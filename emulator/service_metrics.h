#pragma once
// From what tasks use to CloudWatch's AWS/ECS: CPU and memory of services, as shares of what their task
// definitions reserve; and to ECS/ContainerInsights: how many tasks they have.

#include <map>
#include <string>
#include <vector>

#include "emulator/metric_store.h"
#include "emulator/task_report.h"

namespace emulator {

class ServiceMetrics {
 public:
  /// The store must outlive it.
  ServiceMetrics(MetricStore& metrics, double time_scale);
  /// Whether a minute of the account is over, so that measure() has something to say.
  [[nodiscard]] bool is_due(double now) const;
  /// A sample of each task for the minute that is over: CloudWatch's SampleCount is the number of tasks. A
  /// task of which nothing was known a minute ago has none yet.
  void measure(const std::vector<TaskUsage>& tasks, double now);

 private:
  struct Seen {
    double at = 0;
    double cpu_seconds = 0;
  };
  [[nodiscard]] double minute_of(double time) const;

  MetricStore& metrics_;
  double minute_;  ///< in seconds of this machine
  double last_ = 0;
  std::map<std::string, Seen> seen_;  ///< by task
};

}  // namespace emulator
