#pragma once
// The health of one target as ELBv2 tells it: a state machine fed with the results of checks, and the matcher
// of status codes. Pure; target_group.cpp makes the checks.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace emulator {

enum class TargetState { initial, healthy, unhealthy, draining, unused };
std::string_view name_of(TargetState state);

/// `200`, `200,202`, `200-299,404` (API_Matcher#HttpCode).
class CodeMatcher {
 public:
  static base::Result<CodeMatcher> parse(std::string_view text);
  [[nodiscard]] bool matches(int status) const;

 private:
  struct Range {
    int first;
    int last;
  };
  std::vector<Range> ranges_;
};

/// How one check ended.
struct CheckResult {
  enum class Kind { answered, timed_out, failed };
  Kind kind = Kind::failed;
  int status = 0;  ///< for answered
};

/// State, reason code and sentence of DescribeTargetHealth.
struct TargetHealth {
  TargetState state = TargetState::initial;
  std::string reason = "Elb.RegistrationInProgress";
  std::string description = "Target registration is in progress";
  bool operator==(const TargetHealth&) const = default;
};

struct HealthThresholds {
  int healthy = 5;
  int unhealthy = 2;
};

/// Counts consecutive results. One success makes a new target healthy; an unhealthy one needs the threshold.
class TargetHealthTracker {
 public:
  void record(const CheckResult& result, const CodeMatcher& matcher, const HealthThresholds& thresholds);
  void start_draining();
  [[nodiscard]] const TargetHealth& health() const { return health_; }

 private:
  TargetHealth health_;
  int successes_ = 0;
  int failures_ = 0;
};

/// What a target group shows for a target while no listener forwards to it.
TargetHealth unused_target();
/// What it shows for a target that is not registered.
TargetHealth unregistered_target();

}  // namespace emulator
