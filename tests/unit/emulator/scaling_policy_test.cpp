#include "emulator/scaling_policy.h"

#include <gtest/gtest.h>

namespace emulator {
namespace {

base::Json steps(const char* type, base::Json list) {
  return {{"AdjustmentType", type}, {"StepAdjustments", std::move(list)}};
}
base::Json step(base::Json lower, base::Json upper, int adjustment) {
  base::Json json = {{"ScalingAdjustment", adjustment}};
  if (!lower.is_null()) json["MetricIntervalLowerBound"] = lower;
  if (!upper.is_null()) json["MetricIntervalUpperBound"] = upper;
  return json;
}
base::Json tracking(double target) {
  return {{"TargetValue", target},
          {"PredefinedMetricSpecification", {{"PredefinedMetricType", "ECSServiceAverageCPUUtilization"}}}};
}

TEST(ScalingPolicyTest, TakesTheStepIntoWhichTheBreachFalls) {
  const auto policy = steps("ChangeInCapacity", {step(0, 10, 1), step(10, 20, 2), step(20, nullptr, 5)});
  EXPECT_EQ(stepped_capacity(policy, 3, 0), 4) << "the lower bound belongs to the step";
  EXPECT_EQ(stepped_capacity(policy, 3, 9.9), 4);
  EXPECT_EQ(stepped_capacity(policy, 3, 10), 5);
  EXPECT_EQ(stepped_capacity(policy, 3, 500), 8);
  EXPECT_EQ(stepped_capacity(policy, 3, -1), std::nullopt);
  const auto in = steps("ChangeInCapacity", {step(-10, 0, -1), step(nullptr, -10, -9)});
  EXPECT_EQ(stepped_capacity(in, 3, -10), 0)
      << "below the threshold the upper bound does, and nothing is below none";
  EXPECT_EQ(stepped_capacity(in, 3, -9), 2);
}

TEST(ScalingPolicyTest, RoundsPercentagesTowardsZeroButNotToNothing) {
  auto policy = steps("PercentChangeInCapacity", {step(0, nullptr, 25), step(nullptr, 0, -34)});
  EXPECT_EQ(stepped_capacity(policy, 10, 1), 12);
  EXPECT_EQ(stepped_capacity(policy, 2, 1), 3);
  EXPECT_EQ(stepped_capacity(policy, 10, -1), 7);
  EXPECT_EQ(stepped_capacity(policy, 2, -1), 1);
  policy["MinAdjustmentMagnitude"] = 4;
  EXPECT_EQ(stepped_capacity(policy, 10, 1), 14);
  EXPECT_EQ(stepped_capacity(policy, 10, -1), 6);
  EXPECT_EQ(stepped_capacity(steps("ExactCapacity", {step(0, nullptr, 7)}), 2, 1), 7);
}

TEST(ScalingPolicyTest, TracksATargetInProportion) {
  EXPECT_EQ(tracked_capacity(tracking(50), 2, 100), 4);
  EXPECT_EQ(tracked_capacity(tracking(50), 2, 51), 3);
  EXPECT_EQ(tracked_capacity(tracking(50), 4, 10), 1);
  EXPECT_EQ(tracked_capacity(tracking(50), 4, 0), 0);
}

TEST(ScalingPolicyTest, HasAnAlarmForEachSideOfItsTarget) {
  base::Json policy = {{"PolicyARN", "arn:policy"},
                       {"ResourceId", "service/production/items"},
                       {"TargetTrackingScalingPolicyConfiguration", tracking(70)}};
  const auto alarms = tracking_alarms(policy, "1");
  ASSERT_EQ(alarms.size(), 2U);
  EXPECT_EQ(alarms[0]["AlarmName"], "TargetTracking-service/production/items-AlarmHigh-1");
  EXPECT_EQ(alarms[0]["Threshold"], 70.0);
  EXPECT_EQ(alarms[0]["EvaluationPeriods"], 3);
  EXPECT_EQ(alarms[0]["AlarmActions"], base::Json::array({"arn:policy"}));
  EXPECT_EQ(alarms[0]["Dimensions"][1]["Value"], "items");
  EXPECT_EQ(alarms[1]["Threshold"], 63.0);
  EXPECT_EQ(alarms[1]["EvaluationPeriods"], 15);
  policy["TargetTrackingScalingPolicyConfiguration"]["DisableScaleIn"] = true;
  EXPECT_EQ(tracking_alarms(policy, "1").size(), 1U);
}

TEST(ScalingPolicyTest, RefusesWhatCannotBeCarriedOut) {
  EXPECT_TRUE(check_scaling_policy(PolicyKind::target_tracking, tracking(1)).ok());
  EXPECT_FALSE(check_scaling_policy(PolicyKind::target_tracking, tracking(0)).ok());
  EXPECT_FALSE(check_scaling_policy(PolicyKind::target_tracking, {{"TargetValue", 1}}).ok());
  auto balanced = tracking(1000);
  balanced["PredefinedMetricSpecification"] = {{"PredefinedMetricType", "ALBRequestCountPerTarget"}};
  EXPECT_FALSE(check_scaling_policy(PolicyKind::target_tracking, balanced).ok()) << "of which load balancer?";
  balanced["PredefinedMetricSpecification"]["ResourceLabel"] = "app/front/1/targetgroup/items/2";
  EXPECT_TRUE(check_scaling_policy(PolicyKind::target_tracking, balanced).ok());
  EXPECT_TRUE(check_scaling_policy(PolicyKind::steps, steps("ExactCapacity", {step(0, 1, 2)})).ok());
  EXPECT_FALSE(check_scaling_policy(PolicyKind::steps, steps("Exact", {step(0, 1, 2)})).ok());
  EXPECT_FALSE(check_scaling_policy(PolicyKind::steps, steps("ExactCapacity", base::Json::array())).ok());
  EXPECT_FALSE(check_scaling_policy(PolicyKind::steps, steps("ExactCapacity", {step(2, 1, 2)})).ok());
}

}  // namespace
}  // namespace emulator
