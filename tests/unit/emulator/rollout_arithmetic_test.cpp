#include "emulator/rollout_arithmetic.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace emulator {
namespace {

TEST(RolloutArithmetic, RoundsTheLowerLimitUpAndTheUpperLimitDown) {
  EXPECT_EQ(lower_limit(2, {75, 200}), 2);
  EXPECT_EQ(lower_limit(4, {50, 200}), 2);
  EXPECT_EQ(lower_limit(3, {50, 200}), 2);
  EXPECT_EQ(lower_limit(3, {0, 200}), 0);
  EXPECT_EQ(upper_limit(1, {100, 150}), 1);
  EXPECT_EQ(upper_limit(3, {100, 150}), 4);
  EXPECT_EQ(upper_limit(2, {100, 200}), 4);
  EXPECT_EQ(lower_limit(5000, {100, 200}), 5000);
}

TEST(RolloutArithmetic, StartsAllNewTasksBesideTheOldOnesWhenTwiceAsManyMayRun) {
  const RolloutDecision decision = decide_rollout({.desired = 2, .limits = {100, 200}, .old_healthy = 2});
  EXPECT_EQ(decision.start_new, 2);
  EXPECT_EQ(decision.stop_old_healthy, 0);
  EXPECT_FALSE(decision.stuck);
}

TEST(RolloutArithmetic, StopsAnOldTaskForEachNewOneThatIsHealthy) {
  const RolloutDecision one =
      decide_rollout({.desired = 2, .limits = {100, 200}, .new_live = 2, .new_healthy = 1, .old_healthy = 2});
  EXPECT_EQ(one.stop_old_healthy, 1);
  const RolloutDecision both =
      decide_rollout({.desired = 2, .limits = {100, 200}, .new_live = 2, .new_healthy = 2, .old_healthy = 2});
  EXPECT_EQ(both.stop_old_healthy, 2);
}

TEST(RolloutArithmetic, MakesRoomFirstWhenNoMoreThanDesiredMayRun) {
  RolloutCounts counts{.desired = 4, .limits = {50, 100}, .old_healthy = 4};
  const RolloutDecision first = decide_rollout(counts);
  EXPECT_EQ(first.start_new, 0);
  EXPECT_EQ(first.stop_old_healthy, 2);
  counts.old_healthy = 2;
  EXPECT_EQ(decide_rollout(counts).start_new, 2);
  EXPECT_EQ(decide_rollout(counts).stop_old_healthy, 0);
}

TEST(RolloutArithmetic, IsStuckWhenNeitherAStartNorAStopIsAllowed) {
  // The dead stops that the documentation names: one task at 100/150, two at 75/100.
  EXPECT_TRUE(decide_rollout({.desired = 1, .limits = {100, 150}, .old_healthy = 1}).stuck);
  EXPECT_TRUE(decide_rollout({.desired = 2, .limits = {75, 100}, .old_healthy = 2}).stuck);
  EXPECT_FALSE(decide_rollout({.desired = 2, .limits = {50, 100}, .old_healthy = 2}).stuck);
}

TEST(RolloutArithmetic, StartsNothingAfterTheDeploymentFailed) {
  const RolloutDecision decision =
      decide_rollout({.desired = 3, .limits = {100, 200}, .old_healthy = 3, .may_start = false});
  EXPECT_EQ(decision.start_new, 0);
  EXPECT_EQ(decision.stop_old_healthy, 0);
  EXPECT_FALSE(decision.stuck);
}

TEST(RolloutArithmetic, LeavesSickOldTasksUntilEnoughOthersServe) {
  RolloutCounts counts{.desired = 2, .limits = {100, 200}, .old_unhealthy = 2};
  EXPECT_EQ(decide_rollout(counts).stop_old_unhealthy, 0);
  EXPECT_EQ(decide_rollout(counts).start_new, 2);
  counts.new_live = counts.new_healthy = 2;
  EXPECT_EQ(decide_rollout(counts).stop_old_unhealthy, 2);
}

TEST(RolloutArithmetic, StopsWhatIsMoreThanDesired) {
  EXPECT_EQ(decide_rollout({.desired = 1, .new_live = 3, .new_healthy = 3}).stop_new, 2);
  EXPECT_EQ(decide_rollout({.desired = 0, .new_live = 3, .new_healthy = 1}).stop_new, 3);
}

// Whatever the numbers: a rollout carried out to its end never has fewer healthy tasks than the lower limit
// (once it had them) nor more than the upper one, and ends with the new tasks alone unless it is stuck.
TEST(RolloutArithmetic, NeverLeavesItsLimitsAndAlwaysEndsUnlessItIsStuck) {
  int stuck = 0;
  for (int desired = 1; desired <= 7; ++desired) {
    for (int lower = 0; lower <= 100; lower += 25) {
      for (int upper = 100; upper <= 200; upper += 25) {
        RolloutCounts counts{.desired = desired, .limits = {lower, upper}, .old_healthy = desired};
        for (int step = 0; step < 100; ++step) {
          const RolloutDecision decision = decide_rollout(counts);
          if (decision.stuck) {
            EXPECT_GT(lower_limit(desired, counts.limits) + 1, desired);
            EXPECT_LT(upper_limit(desired, counts.limits), desired + 1);
            ++stuck;
            break;
          }
          counts.old_healthy -= decision.stop_old_healthy;
          EXPECT_GE(counts.old_healthy + counts.new_healthy, lower_limit(desired, counts.limits));
          counts.new_live += decision.start_new;
          EXPECT_LE(counts.new_live + counts.old_healthy, upper_limit(desired, counts.limits));
          if (counts.new_healthy < counts.new_live) ++counts.new_healthy;  // one at a time
          if (counts.old_healthy == 0 && counts.new_healthy == desired) break;
          ASSERT_LT(step, 99) << desired << " tasks at " << lower << "/" << upper << " never end";
        }
      }
    }
  }
  EXPECT_GT(stuck, 0);
}

TEST(RolloutArithmetic, OpensTheBreakerAtHalfOfDesiredButBetweenThreeAndTwoHundred) {
  EXPECT_EQ(breaker_threshold(0), 3);
  EXPECT_EQ(breaker_threshold(1), 3);
  EXPECT_EQ(breaker_threshold(6), 3);
  EXPECT_EQ(breaker_threshold(7), 4);
  EXPECT_EQ(breaker_threshold(25), 13);
  EXPECT_EQ(breaker_threshold(400), 200);
  EXPECT_EQ(breaker_threshold(5000), 200);
}

TEST(RolloutArithmetic, DelaysFailingStartsMoreAndMoreUpToAQuarterOfAnHour) {
  EXPECT_EQ(delay_of_failing_starts(0).count(), 0);
  EXPECT_EQ(delay_of_failing_starts(3).count(), 0);
  std::chrono::seconds before(0);
  for (int failures = 5; failures < 40; ++failures) {
    const auto delay = delay_of_failing_starts(failures);
    EXPECT_GE(delay, before);
    EXPECT_GT(delay.count(), 0);
    before = delay;
  }
  EXPECT_EQ(before, std::chrono::minutes(15));
}

}  // namespace
}  // namespace emulator
