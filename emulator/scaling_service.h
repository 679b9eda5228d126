#pragma once
// Application Auto Scaling of ECS services: targets with their suspended states, and policies. Kept and told;
// nothing is scaled by them.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/files.h"
#include "base/json.h"
#include "base/result.h"
#include "emulator/service.h"

namespace emulator {

class ScalableTargets {
 public:
  struct Place {
    base::Path file;
    std::string region;
    std::string account;
  };
  /// With what the file kept. The clock must outlive it.
  static base::Result<std::unique_ptr<ScalableTargets>> open(Place place, base::Clock& clock);

  /// All of it, as its callers see it: each function is an operation of the API.
  ApiResult register_target(const base::Json& input);
  ApiResult describe_targets(const base::Json& input);
  ApiResult deregister_target(const base::Json& input);
  ApiResult put_policy(const base::Json& input);
  ApiResult describe_policies(const base::Json& input);
  ApiResult delete_policy(const base::Json& input);

 private:
  ScalableTargets(Place place, base::Clock& clock) : place_(std::move(place)), clock_(clock) {}
  [[nodiscard]] std::string arn(std::string_view resource) const;
  void save();

  std::mutex mutex_;
  Place place_;
  base::Clock& clock_;
  std::map<std::string, base::Json> targets_;   ///< by resource, as DescribeScalableTargets tells them
  std::map<std::string, base::Json> policies_;  ///< by resource and name, as DescribeScalingPolicies does
};

/// The targets must outlive the table.
ServiceTable make_scaling_service(ScalableTargets& targets);

}  // namespace emulator
