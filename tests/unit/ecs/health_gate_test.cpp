#include "ecs/health_gate.h"

#include "ecs/compare_samples.h"
#include "tests/unit/ecs/ecs_fixture.h"

namespace ecs {
namespace {

using testing::HasSubstr;

class HealthGateTest : public EcsFixture {
 protected:
  HealthGateTest() { gate_.watch = std::chrono::seconds(60); }
  void alarm(const std::string& state) {
    will_answer("DescribeAlarms",
                xml("DescribeAlarms",
                    "<MetricAlarms><member><AlarmName>api-5xx</AlarmName><StateValue>" + state +
                        "</StateValue><StateReason>3 errors</StateReason></member></MetricAlarms>"));
  }
  void values(const std::vector<double>& points) {
    std::string members;
    for (const double point : points)
      members += "<member><Average>" + std::to_string(point) + "</Average></member>";
    will_answer("GetMetricStatistics",
                xml("GetMetricStatistics", "<Datapoints>" + members + "</Datapoints>"));
  }
  FollowedEnd watch() {
    aws::Client client = make_client();
    return wait_for(client, start_health_gate(client, gate_, {}));
  }
  static fakes::FakeHttpClient::Answer xml(const std::string& action, const std::string& result) {
    return base::HttpResponse{200,
                              {},
                              "<" + action + "Response><" + action + "Result>" + result + "</" + action +
                                  "Result></" + action + "Response>"};
  }
  static CanaryGate canary() {
    return {{"AWS/ApplicationELB", "TargetResponseTime", {{"TargetGroup", "green"}}, "Average", 60},
            {{"TargetGroup", "blue"}}};
  }
  HealthGate gate_;
};

TEST_F(HealthGateTest, AlarmsAreWatchedToTheEnd) {
  gate_.alarms = {"api-5xx"};
  alarm("OK");
  EXPECT_EQ(watch().end, RolloutEnd::completed);
  std::chrono::milliseconds waited{0};
  for (const auto sleep : clock_.sleeps()) waited += sleep;
  EXPECT_GE(waited, std::chrono::seconds(60));
}

TEST_F(HealthGateTest, AnAlarmEndsItAtOnce) {
  gate_.alarms = {"api-5xx"};
  alarm("OK");
  alarm("ALARM");
  const auto end = watch();
  EXPECT_EQ(end.end, RolloutEnd::failed);
  EXPECT_EQ(end.sentence, "health gate: alarm api-5xx is in ALARM: 3 errors");
  EXPECT_EQ(clock_.sleeps().size(), 1U);
}

TEST_F(HealthGateTest, AnAlarmThatDoesNotExistIsNoPass) {
  gate_.alarms = {"api-5xx", "api-4xx"};
  alarm("OK");
  EXPECT_EQ(watch().sentence, "health gate: there is no alarm api-4xx");
}

TEST_F(HealthGateTest, AShortSilenceOfAwsIsNotTheEnd) {
  gate_.alarms = {"api-5xx"};
  for (int i = 0; i < 9; ++i) will_fail("DescribeAlarms", 503, "ServiceUnavailable");
  alarm("OK");
  EXPECT_EQ(watch().end, RolloutEnd::completed);
}

TEST_F(HealthGateTest, WhatMayNotBeAskedIsNoProof) {
  gate_.alarms = {"api-5xx"};
  will_fail("DescribeAlarms", 403, "AccessDeniedException");
  const auto end = watch();
  EXPECT_EQ(end.end, RolloutEnd::failed);
  EXPECT_EQ(end.sentence, "health gate: not watched to its end");
  EXPECT_THAT(end.details, ElementsAre(HasSubstr("AccessDeniedException")));
}

TEST_F(HealthGateTest, EachValueOfAMetricHasToBeWithin) {
  gate_.metrics.push_back({{"AWS/ECS", "CPUUtilization", {{"ServiceName", "items"}}}, {}, 80});
  values({20, 79});
  values({20, 79, 95});
  const auto end = watch();
  EXPECT_EQ(end.end, RolloutEnd::failed);
  EXPECT_EQ(end.sentence, "health gate: Average of CPUUtilization is 95, above 80");
}

TEST_F(HealthGateTest, NoValueIsNoProof) {
  gate_.metrics.push_back({{"AWS/ECS", "CPUUtilization", {}}, {}, 80});
  values({});
  EXPECT_THAT(watch().sentence, HasSubstr("had no value in 60 s"));
}

TEST_F(HealthGateTest, ACanaryThatIsSlowerIsFound) {
  gate_.canaries.push_back(canary());
  values({11, 12, 13, 14, 15, 16, 17, 18, 19});
  values({1, 2, 3, 4, 5, 6, 7, 8, 9});
  const auto end = watch();
  EXPECT_EQ(end.end, RolloutEnd::failed);
  EXPECT_THAT(end.sentence, HasSubstr("TargetResponseTime of the new version is larger than before"));
}

TEST_F(HealthGateTest, TooFewValuesAreInconclusive) {
  gate_.canaries.push_back(canary());
  values({11, 12});
  EXPECT_THAT(watch().sentence, HasSubstr("inconclusive is no pass"));
}

TEST(JudgeProbe, HoldsARecordAgainstItsBudget) {
  const ProbeGate gate{"http://x/", 1.0, 50};
  base::ProbeRecord record;
  EXPECT_THAT(judge_probe(gate, record), HasSubstr("no proof of health"));
  record.sent = 200;
  record.failed = 2;
  EXPECT_EQ(judge_probe(gate, record), "");
  record.failed = 3;
  EXPECT_THAT(judge_probe(gate, record),
              HasSubstr("3 of 200 requests to http://x/ failed (1.50 %), and 1 % may"));
  record.failed = 0;
  record.p95_ms = 51;
  EXPECT_THAT(judge_probe(gate, record), HasSubstr("took up to 51.0 ms, and 50 ms may"));
}

TEST(CompareSamples, IsTheMannWhitneyTest) {
  // By hand: the canary's ranks are 5, 6, 7, 8 of 8; U = 26 - 10 = 16.
  const auto small = compare_samples({5, 6, 7, 8}, {1, 2, 3, 4});
  EXPECT_DOUBLE_EQ(small.u, 16);
  EXPECT_NEAR(small.p, 0.0152, 0.0005) << "z = 7.5 / sqrt(12)";
  EXPECT_FALSE(small.conclusive);
  const std::vector<double> same(10, 3.0);
  EXPECT_DOUBLE_EQ(compare_samples(same, same).p, 1);
  const std::vector<double> low = {1, 2, 3, 4, 5, 6, 7, 8};
  const std::vector<double> high = {9, 10, 11, 12, 13, 14, 15, 16};
  EXPECT_LT(compare_samples(high, low).p, 0.001);
  EXPECT_GT(compare_samples(low, high).p, 0.99) << "faster is not worse";
}

}  // namespace
}  // namespace ecs
