// How scaling policies are acted on: whose alarms ring changes the desired count of its service, within the
// bounds of its target, its cooldowns and what a deployment allows.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/crypto.h"
#include "base/log.h"
#include "base/strings.h"
#include "emulator/scaling_service.h"

namespace emulator {

namespace {

constexpr double kBetweenLooks = 60;  // seconds; as often alarms with such actions are acted on
constexpr std::size_t kMostActivities = 200;

/// What a policy wants, or which one of several has its way.
struct Wish {
  int capacity = 0;
  double cooldown = 0;
  std::string policy;
  std::string alarm;
};

/// A service as it is before it is scaled.
struct ScaledService {
  base::Json name;  ///< {cluster, service}
  int desired = 0;
  bool deploys = false;
};

bool is_tracking(const base::Json& policy) {
  return base::json_string(policy, "PolicyType") == "TargetTrackingScaling";
}

const base::Json& configuration_of(const base::Json& policy) {
  return base::json_member(policy, is_tracking(policy) ? "TargetTrackingScalingPolicyConfiguration"
                                                       : "StepScalingPolicyConfiguration");
}

base::Result<ScaledService> find_scaled(const ScalingWorld& world, const std::string& resource) {
  const auto parts = base::split(resource, '/');  // service/CLUSTER/NAME
  ScaledService service{{{"cluster", parts[1]}, {"service", parts[2]}}};
  TRY(const auto answer,
      world.call_ecs("DescribeServices", {{"cluster", parts[1]}, {"services", {parts[2]}}}));
  const auto& found = base::json_member(answer, "services");
  if (!found.is_array() || found.empty() || base::json_string(found[0], "status") != "ACTIVE")
    return base::make_error(base::ErrorKind::not_found, "there is no active service " + resource);
  service.desired = static_cast<int>(base::json_integer(found[0], "desiredCount"));
  for (const char* kind : {"deployments", "taskSets"}) {
    const auto& list = base::json_member(found[0], kind);
    service.deploys = service.deploys || (list.is_array() && list.size() > 1);
  }
  return service;
}

/// What the alarms of a policy make of a capacity; nothing when none of them rings.
std::optional<Wish> wish_of(const base::Json& policy, const std::vector<FiringAlarm>& firing, int current) {
  const auto& configuration = configuration_of(policy);
  const auto kind = is_tracking(policy) ? PolicyKind::target_tracking : PolicyKind::steps;
  const auto cooldowns = cooldowns_of(kind, configuration);
  for (const auto& alarm : firing) {
    const auto capacity = kind == PolicyKind::target_tracking
                              ? std::optional(tracked_capacity(configuration, current, alarm.value))
                              : stepped_capacity(configuration, current, alarm.value - alarm.threshold);
    if (!capacity) continue;
    return Wish{*capacity, *capacity > current ? cooldowns.scale_out : cooldowns.scale_in,
                base::json_string(policy, "PolicyName"), alarm.name};
  }
  return std::nullopt;
}

}  // namespace

void ScalableTargets::act() {
  const std::lock_guard lock(mutex_);
  const double time = base::to_epoch_seconds(clock_.now());
  for (const auto& [resource, target] : targets_) {
    auto& recent = recent_[resource];
    if ((time - recent.looked_at) * world_.time_scale < kBetweenLooks) continue;
    recent.looked_at = time;
    consider(resource, target, time);
  }
}

/// The largest wish is heard; one for fewer tasks only when every policy that tracks a target has one.
void ScalableTargets::consider(const std::string& resource, const base::Json& target, double time) {
  std::vector<std::pair<base::Json, std::vector<FiringAlarm>>> firing;
  std::size_t silent = 0;
  for (const auto& [key, policy] : policies_) {
    if (base::json_string(policy, "ResourceId") != resource) continue;
    auto alarms = world_.alarms->firing_for(base::json_string(policy, "PolicyARN"));
    silent +=
        alarms.empty() && is_tracking(policy) && !base::json_bool(configuration_of(policy), "DisableScaleIn");
    if (!alarms.empty()) firing.emplace_back(policy, std::move(alarms));
  }
  if (firing.empty()) return;
  const auto service = find_scaled(world_, resource);
  if (!service) return;
  const auto within_bounds = [&](int capacity) {
    return std::clamp(capacity, static_cast<int>(base::json_integer(target, "MinCapacity")),
                      static_cast<int>(base::json_integer(target, "MaxCapacity")));
  };
  Recent& recent = recent_[resource];
  const auto cools = [&](double since, double cooldown) {
    return (time - since) * world_.time_scale < cooldown;
  };
  std::optional<Wish> chosen;
  for (const auto& [policy, alarms] : firing) {
    auto wish = wish_of(policy, alarms, service->desired);
    if (!wish) continue;
    // What was added lately is part of what is asked for again.
    if (wish->capacity > service->desired && cools(recent.scaled_out_at, wish->cooldown)) {
      const auto at_first = wish_of(policy, alarms, recent.before_scale_out);
      wish->capacity = std::max(service->desired, at_first ? at_first->capacity : 0);
    }
    wish->capacity = within_bounds(wish->capacity);
    if (!chosen || wish->capacity > chosen->capacity) chosen = std::move(wish);
  }
  if (!chosen || chosen->capacity == service->desired) return;
  const auto& suspended = base::json_member(target, "SuspendedState");
  if (chosen->capacity < service->desired) {
    const bool waits = silent > 0 || service->deploys || cools(recent.scaled_in_at, chosen->cooldown) ||
                       cools(recent.scaled_out_at, chosen->cooldown);
    if (waits || base::json_bool(suspended, "DynamicScalingInSuspended")) return;
    recent.scaled_in_at = time;
  } else {
    if (base::json_bool(suspended, "DynamicScalingOutSuspended")) return;
    if (!cools(recent.scaled_out_at, chosen->cooldown)) recent.before_scale_out = service->desired;
    recent.scaled_out_at = time;
    recent.scaled_in_at = 0;
  }
  auto request = service->name;
  request["desiredCount"] = chosen->capacity;
  const auto updated = world_.call_ecs("UpdateService", request);
  note_activity(resource, time,
                {.capacity = chosen->capacity,
                 .cause = fmt::format("monitor alarm {} in state ALARM triggered policy {}", chosen->alarm,
                                      chosen->policy),
                 .failure = updated ? "" : updated.error().message});
}

void ScalableTargets::note_activity(const std::string& resource, double time, const Change& change) {
  const bool failed = !change.failure.empty();
  activities_.push_front(
      {{"ActivityId", base::random_uuid()},
       {"ServiceNamespace", "ecs"},
       {"ResourceId", resource},
       {"ScalableDimension", kServiceDesiredCount},
       {"Description", fmt::format("Setting desired count to {}.", change.capacity)},
       {"Cause", change.cause},
       {"StartTime", time},
       {"EndTime", time},
       {"StatusCode", failed ? "Failed" : "Successful"},
       {"StatusMessage",
        failed ? fmt::format("Failed to set desired count to {}: {}", change.capacity, change.failure)
               : fmt::format("Successfully set desired count to {}. Change successfully fulfilled by ecs.",
                             change.capacity)}});
  if (activities_.size() > kMostActivities) activities_.pop_back();
  base::log(base::LogLevel::info,
            fmt::format("{}: desired count {} ({})", resource, change.capacity, change.cause));
  save();
}

}  // namespace emulator
