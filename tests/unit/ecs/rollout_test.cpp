#include "ecs/rollout.h"

#include "tests/unit/ecs/ecs_fixture.h"

namespace ecs {
namespace {

using base::Json;
using testing::ElementsAre;

constexpr const char* kMine = "ecs-svc/2";
constexpr const char* kOld = "ecs-svc/1";
constexpr const char* kRollingBack =
    "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.";

class RolloutTest : public EcsFixture {
 protected:
  RolloutTest() {
    before_.deployments.push_back({.id = kOld, .status = "PRIMARY", .rollout_state = "COMPLETED"});
    before_.events.push_back({"old", 1, "(service items) has reached a steady state."});
    options_.cluster = "production";
    options_.service = "items";
    options_.deployment_id = kMine;
    options_.on_event = [this](const ServiceEvent& event) { told_.push_back(event.message); };
    options_.on_progress = [this](const Deployment& deployment, const std::map<std::string, int>& targets) {
      progress_.push_back(deployment.rollout_state + (targets.empty() ? "" : " " + targets.begin()->first));
    };
  }
  void look(const std::vector<Json>& deployments, const std::vector<Json>& events = {}) {
    will_answer("DescribeServices", services(deployments, events));
  }
  base::Result<RolloutOutcome> follow() {
    aws::Client client = make_client();
    return follow_rollout(client, options_, before_);
  }
  RolloutEnd end() {
    const auto outcome = follow();
    EXPECT_TRUE(outcome) << outcome.error().to_string();
    return outcome ? outcome->end : RolloutEnd::cancelled;
  }

  Service before_;
  RolloutOptions options_;
  std::vector<std::string> told_;
  std::vector<std::string> progress_;
};

TEST_F(RolloutTest, EndsWhenThisDeploymentIsCompleted) {
  look({deployment(kMine, "PRIMARY", "IN_PROGRESS"), deployment(kOld, "ACTIVE", "COMPLETED")});
  look({deployment(kMine, "PRIMARY", "COMPLETED", "ECS deployment ecs-svc/2 completed.")});
  const auto outcome = follow();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->end, RolloutEnd::completed);
  EXPECT_EQ(outcome->deployment.rollout_state, "COMPLETED");
  EXPECT_EQ(clock_.sleeps().size(), 1U);
  EXPECT_EQ(sent("DescribeServices").at(0), (Json{{"cluster", "production"}, {"services", {"items"}}}));
}

TEST_F(RolloutTest, TellsNewEventsOnceOldestFirst) {
  const Json old = event("old", "(service items) has reached a steady state.");
  look({deployment(kMine, "PRIMARY", "IN_PROGRESS")}, {event("b", "second"), event("a", "first"), old});
  look({deployment(kMine, "PRIMARY", "COMPLETED")}, {event("c", "third"), event("b", "second"), old});
  EXPECT_EQ(end(), RolloutEnd::completed);
  EXPECT_THAT(told_, ElementsAre("first", "second", "third"));
}

TEST_F(RolloutTest, TellsProgressOnlyWhenSomethingChanged) {
  for (int i = 0; i < 3; ++i) look({deployment(kMine, "PRIMARY", "IN_PROGRESS")});
  look({deployment(kMine, "PRIMARY", "COMPLETED")});
  EXPECT_EQ(end(), RolloutEnd::completed);
  EXPECT_THAT(progress_, ElementsAre("IN_PROGRESS", "COMPLETED"));
}

TEST_F(RolloutTest, ShowsTheHealthOfTheTargets) {
  Json answer = services({deployment(kMine, "PRIMARY", "COMPLETED")});
  answer["services"][0]["loadBalancers"] = {{{"targetGroupArn", "arn:tg"}}};
  will_answer("DescribeServices", answer);
  will_answer("DescribeTargetHealth",
              base::HttpResponse{
                  200,
                  {},
                  "<DescribeTargetHealthResponse><DescribeTargetHealthResult><TargetHealthDescriptions>"
                  "<member><TargetHealth><State>healthy</State></TargetHealth></member>"
                  "</TargetHealthDescriptions></DescribeTargetHealthResult>"
                  "</DescribeTargetHealthResponse>"});
  EXPECT_EQ(end(), RolloutEnd::completed);
  EXPECT_THAT(progress_, ElementsAre("COMPLETED healthy"));
}

TEST_F(RolloutTest, AFailureWithoutRollbackIsOne) {
  look({deployment(kMine, "PRIMARY", "FAILED", "ECS deployment circuit breaker: tasks failed to start."),
        deployment(kOld, "ACTIVE", "COMPLETED")});
  const auto outcome = follow();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->end, RolloutEnd::failed);
  EXPECT_EQ(outcome->reason, "ECS deployment circuit breaker: tasks failed to start.");
}

TEST_F(RolloutTest, FollowsARollbackToItsEnd) {
  look({deployment(kMine, "PRIMARY", "IN_PROGRESS"), deployment(kOld, "ACTIVE", "COMPLETED")});
  look({deployment(kMine, "PRIMARY", "FAILED", kRollingBack), deployment(kOld, "ACTIVE", "COMPLETED")});
  look({deployment("ecs-svc/3", "PRIMARY", "IN_PROGRESS"),
        deployment(kMine, "ACTIVE", "FAILED", kRollingBack)});
  look({deployment("ecs-svc/3", "PRIMARY", "COMPLETED")});
  const auto outcome = follow();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->end, RolloutEnd::rolled_back);
  EXPECT_EQ(outcome->reason, kRollingBack);
  EXPECT_EQ(sent("DescribeServices").size(), 4U);
}

TEST_F(RolloutTest, ARollbackBetweenTwoLooksIsStillOne) {
  look({deployment(kMine, "PRIMARY", "IN_PROGRESS"), deployment(kOld, "ACTIVE", "COMPLETED")});
  look({deployment(kOld, "PRIMARY", "COMPLETED", "ECS deployment ecs-svc/1 completed.")});
  EXPECT_EQ(end(), RolloutEnd::rolled_back);
}

TEST_F(RolloutTest, AnEventTellsOfARollbackToANewDeployment) {
  look({deployment(kMine, "PRIMARY", "IN_PROGRESS")});
  look({deployment("ecs-svc/3", "PRIMARY", "COMPLETED")},
       {event("x", "(service items) (deployment ecs-svc/2) deployment failed: tasks failed to start.")});
  const auto outcome = follow();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->end, RolloutEnd::rolled_back);
  EXPECT_EQ(outcome->reason, "deployment failed: tasks failed to start.");
}

TEST_F(RolloutTest, ANewerDeploymentOfSomebodyElseIsNoSuccess) {
  look({deployment(kMine, "PRIMARY", "IN_PROGRESS")});
  look({deployment("ecs-svc/9", "PRIMARY", "COMPLETED")});
  EXPECT_EQ(end(), RolloutEnd::superseded);
}

TEST_F(RolloutTest, GivesUpWhenPatienceEnds) {
  options_.patience = std::chrono::seconds(60);
  look({deployment(kMine, "PRIMARY", "IN_PROGRESS", "in progress")});
  const auto outcome = follow();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->end, RolloutEnd::timed_out);
  std::chrono::milliseconds waited{0};
  for (const auto sleep : clock_.sleeps()) waited += sleep;
  EXPECT_GE(waited, std::chrono::seconds(60));
  EXPECT_LE(waited, std::chrono::seconds(65));
}

TEST_F(RolloutTest, AShortSilenceOfAwsIsNotTheEnd) {
  for (int i = 0; i < 6; ++i) will_fail("DescribeServices", 503, "ServiceUnavailable");
  will_fail("DescribeServices", 400, "ThrottlingException");
  look({deployment(kMine, "PRIMARY", "COMPLETED")});
  EXPECT_EQ(end(), RolloutEnd::completed);
}

TEST_F(RolloutTest, ALongSilenceIsAnError) {
  will_fail("DescribeServices", 503, "ServiceUnavailable");
  const auto outcome = follow();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, "ServiceUnavailable");
}

TEST_F(RolloutTest, ARefusalIsAnErrorAtOnce) {
  will_fail("DescribeServices", 400, "ExpiredTokenException");
  const auto outcome = follow();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, "ExpiredTokenException");
  EXPECT_EQ(sent("DescribeServices").size(), 1U);
}

TEST_F(RolloutTest, StopsWhenItIsCancelled) {
  look({deployment(kMine, "PRIMARY", "IN_PROGRESS")});
  options_.on_progress = [this](const Deployment&, const auto&) { stop_.request_stop(); };
  EXPECT_EQ(end(), RolloutEnd::cancelled);
}

TEST_F(RolloutTest, ServicesWithoutARolloutStateEndWhenAllTasksRun) {
  Json done = deployment(kMine, "PRIMARY", "");
  look({done, deployment(kOld, "ACTIVE", "")});
  done["runningCount"] = 2;
  look({done});
  EXPECT_EQ(end(), RolloutEnd::completed);
  EXPECT_EQ(sent("DescribeServices").size(), 2U);
}

}  // namespace
}  // namespace ecs
