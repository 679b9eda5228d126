// Policies, alarms and metrics together, over an ECS that is a number.
#include <gtest/gtest.h>

#include <cmath>

#include "base/files.h"
#include "emulator/scaling_service.h"
#include "tests/fakes/fake_clock.h"

namespace emulator {
namespace {

class ScalingLoopTest : public testing::Test {
 protected:
  static constexpr const char* kService = "service/production/items";

  explicit ScalingLoopTest(double time_scale = 1) : time_scale_(time_scale) {
    ask(&ScalableTargets::register_target, {{"MinCapacity", 2}, {"MaxCapacity", 6}});
  }

  base::Json ask(ApiResult (ScalableTargets::*operation)(const base::Json&), base::Json input) {
    input.update(
        {{"ServiceNamespace", "ecs"}, {"ResourceId", kService}, {"ScalableDimension", kServiceDesiredCount}});
    const auto result = (*targets_.*operation)(input);
    if (const auto* failed = std::get_if<ApiFailure>(&result)) {
      ADD_FAILURE() << failed->code << ": " << failed->message;
      return {};
    }
    return std::get<base::Json>(result);
  }
  std::string track(double target) {
    return ask(&ScalableTargets::put_policy,
               {{"PolicyName", "cpu"},
                {"PolicyType", "TargetTrackingScaling"},
                {"TargetTrackingScalingPolicyConfiguration",
                 {{"TargetValue", target},
                  {"PredefinedMetricSpecification",
                   {{"PredefinedMetricType", "ECSServiceAverageCPUUtilization"}}}}}})["PolicyARN"];
  }
  /// Minutes of the account in which the service's CPU is so much.
  void pass(int minutes, double cpu) {
    for (int i = 0; i < minutes; ++i) {
      MetricBucket sample;
      sample.add(cpu, 1);
      metrics_.put({"AWS/ECS", "CPUUtilization", {{"ClusterName", "production"}, {"ServiceName", "items"}}},
                   base::to_epoch_seconds(clock_.now()), sample, "Percent");
      clock_.advance(std::chrono::milliseconds(std::lround(60'000 / time_scale_)));
      alarms_->evaluate();
      targets_->act();
    }
  }
  base::Json activities() {
    return ask(&ScalableTargets::describe_activities, base::Json::object())["ScalingActivities"];
  }

  base::Result<base::Json> answer_ecs(const std::string& operation, const base::Json& request) {
    if (operation == "UpdateService") desired_ = request["desiredCount"].get<int>();
    base::Json deployments = base::Json::array({{{"status", "PRIMARY"}}});
    if (deploys_) deployments.push_back({{"status", "ACTIVE"}});
    return base::Json{
        {"services", {{{"status", "ACTIVE"}, {"desiredCount", desired_}, {"deployments", deployments}}}}};
  }

  double time_scale_;
  int desired_ = 2;
  bool deploys_ = false;
  fakes::FakeClock clock_{base::from_epoch_seconds(1'767'323'040)};  // a whole minute
  MetricStore metrics_;
  base::TempDir folder_ = base::TempDir::create("scaling-test").value();
  std::unique_ptr<Alarms> alarms_ =
      Alarms::open({folder_.path() / "alarms.json", "eu-central-1", "123456789012", time_scale_}, metrics_,
                   clock_)
          .value();
  std::unique_ptr<ScalableTargets> targets_ =
      ScalableTargets::open(
          {folder_.path() / "scaling.json", "eu-central-1", "123456789012"}, clock_,
          {.call_ecs = [this](const std::string& operation,
                              const base::Json& request) { return answer_ecs(operation, request); },
           .alarms = alarms_.get(),
           .time_scale = time_scale_})
          .value();
};

TEST_F(ScalingLoopTest, ScalesOutToTheTargetAndWaitsForItsCooldown) {
  track(50);
  pass(5, 48);
  pass(2, 100);
  EXPECT_EQ(desired_, 2) << "three minutes make the alarm";
  pass(1, 100);
  EXPECT_EQ(desired_, 4);
  const auto done = activities();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done[0]["StatusCode"], "Successful");
  EXPECT_NE(done[0]["Cause"].get<std::string>().find("AlarmHigh"), std::string::npos);
  pass(4, 100);
  EXPECT_EQ(desired_, 4) << "the first change may not have shown yet";
  pass(1, 100);
  EXPECT_EQ(desired_, 6) << "no more than the maximum";
}

TEST_F(ScalingLoopTest, ScalesInAfterAQuarterOfAnHourButNotDuringADeployment) {
  track(50);
  desired_ = 6;
  deploys_ = true;
  pass(20, 20);
  EXPECT_EQ(desired_, 6);
  deploys_ = false;
  pass(1, 20);
  EXPECT_EQ(desired_, 3);
  pass(10, 1);
  EXPECT_EQ(desired_, 2) << "no fewer than the minimum";
}

TEST_F(ScalingLoopTest, DoesWhatIsNotSuspended) {
  track(50);
  ask(&ScalableTargets::register_target, {{"SuspendedState", {{"DynamicScalingOutSuspended", true}}}});
  pass(6, 100);
  EXPECT_EQ(desired_, 2);
  ask(&ScalableTargets::register_target, {{"SuspendedState", {{"DynamicScalingOutSuspended", false}}}});
  pass(1, 100);
  EXPECT_EQ(desired_, 4);
}

TEST_F(ScalingLoopTest, TakesTheStepOfAnAlarmThatNamesThePolicy) {
  const std::string arn =
      ask(&ScalableTargets::put_policy,
          {{"PolicyName", "steps"},
           {"PolicyType", "StepScaling"},
           {"StepScalingPolicyConfiguration",
            {{"AdjustmentType", "ChangeInCapacity"},
             {"Cooldown", 120},
             {"StepAdjustments",
              {{{"MetricIntervalLowerBound", 0}, {"MetricIntervalUpperBound", 20}, {"ScalingAdjustment", 1}},
               {{"MetricIntervalLowerBound", 20}, {"ScalingAdjustment", 3}}}}}}})["PolicyARN"];
  ASSERT_TRUE(alarms_
                  ->put_metric_alarm({{"AlarmName", "busy"},
                                      {"AlarmActions", {arn}},
                                      {"Namespace", "AWS/ECS"},
                                      {"MetricName", "CPUUtilization"},
                                      {"Dimensions",
                                       {{{"Name", "ClusterName"}, {"Value", "production"}},
                                        {{"Name", "ServiceName"}, {"Value", "items"}}}},
                                      {"Statistic", "Average"},
                                      {"Period", 60},
                                      {"EvaluationPeriods", 1},
                                      {"Threshold", 60},
                                      {"ComparisonOperator", "GreaterThanOrEqualToThreshold"}})
                  .ok());
  pass(1, 65);
  EXPECT_EQ(desired_, 3);
  pass(1, 90);
  EXPECT_EQ(desired_, 5) << "one of the three was there already";
}

TEST_F(ScalingLoopTest, TakesItsAlarmsWithIt) {
  track(50);
  ASSERT_EQ(alarms_->list().size(), 2U);
  track(60);
  ASSERT_EQ(alarms_->list().size(), 2U);
  EXPECT_EQ(alarms_->list()[0].threshold.threshold, 60);
  ask(&ScalableTargets::deregister_target, base::Json::object());
  EXPECT_TRUE(alarms_->list().empty());
}

class FastScalingLoopTest : public ScalingLoopTest {
 protected:
  FastScalingLoopTest() : ScalingLoopTest(60) {}
};

TEST_F(FastScalingLoopTest, CountsInTheTimeOfTheAccount) {
  track(50);
  pass(5, 48);
  pass(3, 100);
  EXPECT_EQ(desired_, 4);
  pass(4, 100);
  EXPECT_EQ(desired_, 4);
  pass(1, 100);
  EXPECT_EQ(desired_, 6);
}

}  // namespace
}  // namespace emulator
