#include "emulator/deployment_strategy.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "emulator/rollout_arithmetic.h"

namespace emulator {
namespace {

/// `STAGE production%/bake minutes` of the steps that shift production traffic or wait.
std::vector<std::string> shifts_of(const base::Json& configuration, int sources) {
  std::vector<std::string> shifts;
  for (const ShiftStep& step : plan_shift(configuration, {sources})) {
    if (step.hook_stage == "PRODUCTION_TRAFFIC_SHIFT" || step.stage == "BAKE_TIME") {
      shifts.push_back(step.stage.substr(0, 4) + " " + base::to_text(step.production_percent) + "/" +
                       base::to_text(step.bake_minutes));
    }
  }
  return shifts;
}

using Shifts = std::vector<std::string>;

TEST(DeploymentStrategy, ShiftsAllAtOnceForBlueGreen) {
  EXPECT_EQ(shifts_of({{"strategy", "BLUE_GREEN"}, {"bakeTimeInMinutes", 7}}, 1),
            (Shifts{"PROD 100.0/0.0", "BAKE 100.0/7.0"}));
}

TEST(DeploymentStrategy, ShiftsInEqualStepsForLinear) {
  EXPECT_EQ(shifts_of({{"strategy", "LINEAR"},
                       {"linearConfiguration", {{"stepPercent", 33.3}, {"stepBakeTimeInMinutes", 2}}}},
                      1),
            (Shifts{"PROD 33.3/2.0", "PROD 66.6/2.0", "PROD 99.9/2.0", "PROD 100.0/0.0", "BAKE 100.0/0.0"}));
  EXPECT_EQ(shifts_of({{"strategy", "LINEAR"}}, 1).size(), 11U) << "ten steps of 10 %, and the bake time";
}

TEST(DeploymentStrategy, ShiftsAPartAndThenTheRestForCanary) {
  EXPECT_EQ(shifts_of({{"strategy", "CANARY"}}, 1),
            (Shifts{"PROD 5.0/10.0", "PROD 100.0/0.0", "BAKE 100.0/0.0"}));
  EXPECT_EQ(shifts_of({{"strategy", "CANARY"}, {"canaryConfiguration", {{"canaryPercent", 100}}}}, 1),
            (Shifts{"PROD 100.0/0.0", "BAKE 100.0/0.0"}));
}

TEST(DeploymentStrategy, ShiftsAtOnceWhereNothingServesYet) {
  EXPECT_EQ(shifts_of({{"strategy", "CANARY"}}, 0), (Shifts{"PROD 100.0/0.0", "BAKE 100.0/0.0"}));
}

TEST(DeploymentStrategy, ReconcilesOnlyWhatAnEarlierDeploymentLeft) {
  const base::Json configuration = {{"strategy", "BLUE_GREEN"}};
  EXPECT_EQ(plan_shift(configuration, {1}).front().stage, "PRE_SCALE_UP");
  EXPECT_EQ(plan_shift(configuration, {2}).front().stage, "RECONCILE_SERVICE");
}

TEST(DeploymentStrategy, GoesBackOnlyAsFarAsItWent) {
  const auto steps = plan_shift({{"strategy", "CANARY"}}, {1});
  const auto back_from = [&](const std::string& stage) {
    std::vector<std::string> stages;
    std::size_t at = 0;
    while (steps[at].stage != stage) ++at;
    while (at + 1 < steps.size() && steps[at + 1].stage == stage) ++at;
    for (const ShiftStep& step : plan_return(steps, at)) stages.push_back(step.stage);
    return stages;
  };
  EXPECT_EQ(back_from("SCALE_UP"), (Shifts{"CLEAN_UP"}));
  EXPECT_EQ(back_from("POST_TEST_TRAFFIC_SHIFT"), (Shifts{"TEST_TRAFFIC_SHIFT", "CLEAN_UP"}));
  EXPECT_EQ(back_from("BAKE_TIME"), (Shifts{"PRODUCTION_TRAFFIC_SHIFT", "TEST_TRAFFIC_SHIFT", "CLEAN_UP"}));
}

TEST(DeploymentStrategy, RefusesWhatAwsRefuses) {
  EXPECT_TRUE(check_strategy({{"strategy", "LINEAR"}, {"linearConfiguration", {{"stepPercent", 3.1}}}}).ok());
  EXPECT_FALSE(check_strategy({{"strategy", "GREEN_BLUE"}}).ok());
  EXPECT_FALSE(
      check_strategy({{"strategy", "LINEAR"}, {"linearConfiguration", {{"stepPercent", 2.9}}}}).ok());
  EXPECT_FALSE(
      check_strategy({{"strategy", "LINEAR"}, {"linearConfiguration", {{"stepPercent", 3.14}}}}).ok());
  EXPECT_FALSE(
      check_strategy({{"strategy", "CANARY"}, {"canaryConfiguration", {{"canaryPercent", 0}}}}).ok());
  EXPECT_FALSE(check_strategy({{"strategy", "CANARY"}, {"linearConfiguration", {{"stepPercent", 10}}}}).ok());
  EXPECT_FALSE(check_strategy({{"bakeTimeInMinutes", 1441}}).ok());
  EXPECT_FALSE(check_strategy({{"bakeTimeInMinutes", "10"}}).ok());
  const auto with_hook = [](const base::Json& hook) {
    return check_strategy({{"strategy", "BLUE_GREEN"}, {"lifecycleHooks", {hook}}});
  };
  EXPECT_TRUE(with_hook({{"targetType", "PAUSE"}, {"lifecycleStages", {"PRE_SCALE_UP"}}}).ok());
  EXPECT_FALSE(with_hook({{"lifecycleStages", {"PRE_SCALE_UP"}}}).ok()) << "a function needs its ARN";
  EXPECT_FALSE(with_hook({{"targetType", "PAUSE"}, {"lifecycleStages", {"BAKE_TIME"}}}).ok());
  EXPECT_FALSE(with_hook({{"targetType", "PAUSE"}}).ok());
  EXPECT_FALSE(check_strategy({{"lifecycleHooks", {{"a", 1}}}}).ok());
}

TEST(DeploymentStrategy, WritesSharesAsTheWeightsOfAListenerRule) {
  EXPECT_EQ(rule_weights(0), (RuleWeights{0, 100}));
  EXPECT_EQ(rule_weights(10), (RuleWeights{10, 90}));
  EXPECT_EQ(rule_weights(0.1), (RuleWeights{1, 999}));
  EXPECT_EQ(rule_weights(33.3), (RuleWeights{333, 667}));
  EXPECT_EQ(rule_weights(100), (RuleWeights{100, 0}));
}

TEST(BreakerRule, CountsAsTheConfigurationSays) {
  EXPECT_EQ(breaker_threshold(3), 3);
  EXPECT_EQ(breaker_threshold(20), 10);
  EXPECT_EQ(breaker_threshold(1000), 200);
  const auto threshold = [](const base::Json& configuration) {
    return breaker_threshold(20, breaker_rule({{"thresholdConfiguration", configuration}}));
  };
  EXPECT_EQ(threshold({{"type", "BOUNDED_PERCENT"}, {"value", 10}}), 3);
  EXPECT_EQ(threshold({{"type", "UNBOUNDED_PERCENT"}, {"value", 10}}), 2);
  EXPECT_EQ(threshold({{"type", "COUNT"}, {"value", 1}}), 1);
  EXPECT_FALSE(breaker_rule({{"resetOnHealthyTask", false}}).reset_on_healthy_task);
}

}  // namespace
}  // namespace emulator
