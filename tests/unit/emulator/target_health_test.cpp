#include "emulator/target_health.h"

#include <gtest/gtest.h>

namespace emulator {
namespace {

constexpr HealthThresholds kThresholds{.healthy = 3, .unhealthy = 2};

class TargetHealthTest : public testing::Test {
 protected:
  void answers(int status) { record({CheckResult::Kind::answered, status}); }
  void record(CheckResult result) { tracker_.record(result, *CodeMatcher::parse("200-299"), kThresholds); }
  TargetState state() { return tracker_.health().state; }
  TargetHealthTracker tracker_;
};

TEST_F(TargetHealthTest, IsHealthyAfterItsFirstGoodAnswer) {
  EXPECT_EQ(state(), TargetState::initial);
  EXPECT_EQ(tracker_.health().reason, "Elb.RegistrationInProgress");
  answers(204);
  EXPECT_EQ(state(), TargetState::healthy);
  EXPECT_EQ(tracker_.health().reason, "");
}

TEST_F(TargetHealthTest, StaysInitialUntilAsManyFailuresAsTheThreshold) {
  answers(500);
  EXPECT_EQ(state(), TargetState::initial);
  EXPECT_EQ(tracker_.health().reason, "Elb.InitialHealthChecking");
  answers(500);
  EXPECT_EQ(state(), TargetState::unhealthy);
  EXPECT_EQ(tracker_.health().reason, "Target.ResponseCodeMismatch");
  EXPECT_EQ(tracker_.health().description, "Health checks failed with these codes: [500]");
}

TEST_F(TargetHealthTest, ForgivesASingleFailureOfAHealthyTarget) {
  answers(200);
  answers(503);
  EXPECT_EQ(state(), TargetState::healthy);
  answers(200);
  answers(503);
  EXPECT_EQ(state(), TargetState::healthy) << "failures must follow each other";
  answers(503);
  EXPECT_EQ(state(), TargetState::unhealthy);
}

TEST_F(TargetHealthTest, RecoversOnlyAfterAsManyGoodAnswersAsTheThreshold) {
  answers(500), answers(500);
  answers(200), answers(200);
  EXPECT_EQ(state(), TargetState::unhealthy);
  answers(200);
  EXPECT_EQ(state(), TargetState::healthy);
}

TEST_F(TargetHealthTest, SaysWhetherATargetWasSilentOrGone) {
  record({CheckResult::Kind::timed_out, 0});
  record({CheckResult::Kind::timed_out, 0});
  EXPECT_EQ(tracker_.health().reason, "Target.Timeout");
  EXPECT_EQ(tracker_.health().description, "Request timed out");
  record({CheckResult::Kind::failed, 0});
  EXPECT_EQ(tracker_.health().reason, "Target.FailedHealthChecks");
}

TEST_F(TargetHealthTest, DrainsToTheEndWhateverChecksStillSay) {
  answers(200);
  tracker_.start_draining();
  answers(200);
  answers(500), answers(500);
  EXPECT_EQ(state(), TargetState::draining);
  EXPECT_EQ(tracker_.health().reason, "Target.DeregistrationInProgress");
}

TEST(CodeMatcher, TakesCodesListsAndRanges) {
  const auto matcher = CodeMatcher::parse("200,204, 300-302");
  ASSERT_TRUE(matcher.ok());
  for (const int code : {200, 204, 300, 301, 302}) EXPECT_TRUE(matcher->matches(code)) << code;
  for (const int code : {199, 201, 299, 303, 500}) EXPECT_FALSE(matcher->matches(code)) << code;
}

TEST(CodeMatcher, RefusesWhatIsNoCodeOfATarget) {
  for (const char* text : {"", "abc", "200-", "-299", "299-200", "100", "500", "200,,201", "200-299-300",
                           "99999999999999999999"}) {
    EXPECT_FALSE(CodeMatcher::parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace emulator
