#include "emulator/target_health.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace emulator {

std::string_view name_of(TargetState state) {
  switch (state) {
    case TargetState::initial:
      return "initial";
    case TargetState::healthy:
      return "healthy";
    case TargetState::unhealthy:
      return "unhealthy";
    case TargetState::draining:
      return "draining";
    case TargetState::unused:
      return "unused";
  }
  return "unused";
}

base::Result<CodeMatcher> CodeMatcher::parse(std::string_view text) {
  CodeMatcher matcher;
  for (const std::string& part : base::split(text, ',')) {
    const std::string_view piece = base::trim(part);
    const std::size_t dash = piece.find('-');
    const auto first = base::parse_integer(base::trim(piece.substr(0, dash)));
    const auto last =
        dash == std::string_view::npos ? first : base::parse_integer(base::trim(piece.substr(dash + 1)));
    if (!first || !last || *first < 200 || *last > 499 || *first > *last) {
      return base::make_error(
          base::ErrorKind::invalid_input,
          fmt::format("Health check matcher HTTP code '{}' must be within '200-499' inclusive, as "
                      "200, 200,202 or 200-299",
                      text));
    }
    matcher.ranges_.push_back({static_cast<int>(*first), static_cast<int>(*last)});
  }
  return matcher;
}

bool CodeMatcher::matches(int status) const {
  for (const Range& range : ranges_) {
    if (status >= range.first && status <= range.last) return true;
  }
  return false;
}

void TargetHealthTracker::record(const CheckResult& result, const CodeMatcher& matcher,
                                 const HealthThresholds& thresholds) {
  if (health_.state == TargetState::draining) return;
  if (result.kind == CheckResult::Kind::answered && matcher.matches(result.status)) {
    failures_ = 0;
    ++successes_;
    const bool first = health_.state == TargetState::initial;
    if (first || successes_ >= thresholds.healthy) health_ = {TargetState::healthy, "", ""};
    return;
  }
  successes_ = 0;
  ++failures_;
  if (failures_ < thresholds.unhealthy && health_.state != TargetState::unhealthy) {
    if (health_.state == TargetState::initial) {
      health_ = {TargetState::initial, "Elb.InitialHealthChecking", "Initial health checks in progress"};
    }
    return;
  }
  switch (result.kind) {
    case CheckResult::Kind::answered:
      health_ = {TargetState::unhealthy, "Target.ResponseCodeMismatch",
                 fmt::format("Health checks failed with these codes: [{}]", result.status)};
      break;
    case CheckResult::Kind::timed_out:
      health_ = {TargetState::unhealthy, "Target.Timeout", "Request timed out"};
      break;
    case CheckResult::Kind::failed:
      health_ = {TargetState::unhealthy, "Target.FailedHealthChecks", "Health checks failed"};
      break;
  }
}

void TargetHealthTracker::start_draining() {
  health_ = {TargetState::draining, "Target.DeregistrationInProgress",
             "Target deregistration is in progress"};
}

TargetHealth unused_target() {
  return {TargetState::unused, "Target.NotInUse",
          "Target group is not configured to receive traffic from the load balancer"};
}

TargetHealth unregistered_target() {
  return {TargetState::unused, "Target.NotRegistered", "Target is not registered to the target group"};
}

}  // namespace emulator
