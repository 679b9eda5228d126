#pragma once
// Application Auto Scaling of ECS services: targets with their suspended states, policies, and what those
// have done. The arithmetic of policies is scaling_policy.h.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/files.h"
#include "base/json.h"
#include "base/result.h"
#include "emulator/alarms.h"
#include "emulator/scaling_policy.h"
#include "emulator/service.h"

namespace emulator {

inline constexpr const char* kServiceDesiredCount = "ecs:service:DesiredCount";

/// What policies act on.
struct ScalingWorld {
  std::function<base::Result<base::Json>(const std::string& operation, const base::Json& request)> call_ecs;
  Alarms* alarms = nullptr;
  double time_scale = 1;
  /// LoadBalancer and TargetGroup as metrics have them; seeds name both. Without a load balancer it is the
  /// one that uses the target group.
  std::function<base::Result<base::Json>(const std::string& target_group, const std::string& load_balancer)>
      dimensions_of;
};

class ScalableTargets {
 public:
  struct Place {
    base::Path file;
    std::string region;
    std::string account;
  };
  /// With what the file kept. Clock and alarms must outlive it.
  static base::Result<std::unique_ptr<ScalableTargets>> open(Place place, base::Clock& clock,
                                                             ScalingWorld world);

  /// All of it, as its callers see it: each function is an operation of the API.
  ApiResult register_target(const base::Json& input);
  ApiResult describe_targets(const base::Json& input);
  ApiResult deregister_target(const base::Json& input);
  ApiResult put_policy(const base::Json& input);
  ApiResult describe_policies(const base::Json& input);
  ApiResult delete_policy(const base::Json& input);
  ApiResult describe_activities(const base::Json& input);
  /// Adds the seed's `scalable_targets` and their policies.
  base::Result<void> apply_seed(const base::Json& seed);

  /// Scales where alarms of policies ring (scaling_loop.cpp). Called again and again by whoever has a thread.
  void act();

 private:
  ScalableTargets(Place place, base::Clock& clock, ScalingWorld world)
      : place_(std::move(place)), clock_(clock), world_(std::move(world)) {}
  [[nodiscard]] std::string arn(std::string_view resource) const;
  base::Result<void> declare_alarms(base::Json& policy);
  void remove_alarms(const base::Json& policy);
  base::Result<void> name_target_group(base::Json& policy) const;
  void save();
  // scaling_loop.cpp
  struct Recent {
    double looked_at = 0;
    double scaled_out_at = 0;
    double scaled_in_at = 0;
    int before_scale_out = 0;
  };
  struct Change {
    int capacity = 0;
    std::string cause;
    std::string failure;  ///< empty: it was made
  };
  void consider(const std::string& resource, const base::Json& target, double time);
  void note_activity(const std::string& resource, double time, const Change& change);

  std::mutex mutex_;
  Place place_;
  base::Clock& clock_;
  std::map<std::string, base::Json> targets_;   ///< by resource, as DescribeScalableTargets tells them
  std::map<std::string, base::Json> policies_;  ///< by resource and name, as DescribeScalingPolicies does
  std::deque<base::Json> activities_;           ///< newest first, as DescribeScalingActivities does
  std::map<std::string, Recent> recent_;        ///< by resource; not kept
  ScalingWorld world_;
};

/// The targets must outlive the table.
ServiceTable make_scaling_service(ScalableTargets& targets);

}  // namespace emulator
