#pragma once
// From the load balancer's counters to CloudWatch's AWS/ApplicationELB, by differences since the last look.

#include <map>
#include <string>

#include "emulator/elb_state.h"
#include "emulator/metric_store.h"

namespace emulator {

class LoadMetrics {
 public:
  /// Both must outlive it.
  LoadMetrics(ElbState& state, MetricStore& metrics) : state_(state), metrics_(metrics) {}
  /// What happened since the last call, stamped `now`. Called by one thread.
  void measure(double now);

 private:
  /// Of a group or a front: what was counted by the last call.
  struct Seen {
    std::uint64_t requests = 0;
    std::uint64_t by_class[6] = {};
    std::uint64_t connection_errors = 0;
    std::map<TargetId, std::uint64_t> answered;  ///< of each target
  };
  using Dimensions = std::map<std::string, std::string>;
  void measure_group(const TargetGroup& group, const std::string& group_arn, const std::string& balancer_arn,
                     double now);
  void measure_fronts(double now);
  void put(const Dimensions& dimensions, const char* name, double value, double now);

  ElbState& state_;
  MetricStore& metrics_;
  std::map<std::string, Seen> seen_;
};

/// [{Name, Value}] of AWS/ApplicationELB for these names, of which one may be empty.
base::Result<base::Json> load_dimensions(ElbState& state, const std::string& target_group,
                                         const std::string& load_balancer);

}  // namespace emulator
