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
    options_.on_progress = [this](const RolloutProgress& progress) {
      progress_.push_back(progress.deployment.rollout_state +
                          (progress.targets.empty() ? "" : " " + progress.targets.begin()->first));
    };
    options_.on_news = [this](const std::string& news) { told_.push_back(news); };
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
  for (int i = 0; i < 30; ++i) will_fail("DescribeServices", 503, "ServiceUnavailable");
  will_fail("DescribeServices", 400, "ThrottlingException");
  look({deployment(kMine, "PRIMARY", "COMPLETED")});
  EXPECT_EQ(end(), RolloutEnd::completed);
  EXPECT_THAT(told_, ElementsAre(testing::HasSubstr("asking again for 120 s"))) << "told once";
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
  options_.on_progress = [this](const RolloutProgress&) { stop_.request_stop(); };
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

TEST_F(RolloutTest, ADesiredCountOfZeroIsNoProof) {
  before_.desired = 2;
  Json answer = services({deployment(kMine, "PRIMARY", "COMPLETED")});
  answer["services"][0]["desiredCount"] = 0;
  will_answer("DescribeServices", answer);
  EXPECT_EQ(end(), RolloutEnd::scaled_to_zero);
}

TEST_F(RolloutTest, ARollbackThatFailsIsToldApart) {
  look({deployment(kMine, "PRIMARY", "FAILED", kRollingBack)});
  look({deployment("ecs-svc/3", "PRIMARY", "FAILED", "rollback failed"),
        deployment(kMine, "ACTIVE", "FAILED", kRollingBack)});
  EXPECT_EQ(end(), RolloutEnd::rollback_failed);
}

/// By ECS's own record of the deployment.
class RecordedRolloutTest : public RolloutTest {
 protected:
  RecordedRolloutTest() {
    options_.service_deployment_arn = "arn:sd/2";
    look({deployment(kMine, "PRIMARY", "IN_PROGRESS")});
  }
  void record(const Json& more) {
    Json entry = {{"serviceDeploymentArn", "arn:sd/2"}, {"status", "IN_PROGRESS"}};
    entry.update(more);
    will_answer("DescribeServiceDeployments", {{"serviceDeployments", Json::array({entry})}});
  }
};

TEST_F(RecordedRolloutTest, EndsWhenTheRecordSaysSo) {
  record({{"status", "PENDING"}});
  record({{"status", "SUCCESSFUL"}});
  EXPECT_EQ(end(), RolloutEnd::completed);
  EXPECT_EQ(sent("DescribeServiceDeployments").at(0), (Json{{"serviceDeploymentArns", {"arn:sd/2"}}}));
}

class RecordedEnds : public RecordedRolloutTest,
                     public testing::WithParamInterface<std::pair<const char*, RolloutEnd>> {};

TEST_P(RecordedEnds, AreToldApart) {
  record({{"status", GetParam().first}, {"rollback", {{"reason", "alarm api-5xx"}}}});
  const auto outcome = follow();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->end, GetParam().second);
  EXPECT_EQ(outcome->reason, "alarm api-5xx");
}

INSTANTIATE_TEST_SUITE_P(All, RecordedEnds,
                         testing::Values(std::pair("ROLLBACK_SUCCESSFUL", RolloutEnd::rolled_back),
                                         std::pair("ROLLBACK_FAILED", RolloutEnd::rollback_failed),
                                         std::pair("STOPPED", RolloutEnd::stopped)));

TEST_F(RecordedRolloutTest, StoppedByTheBreakerIsAFailure) {
  record({{"status", "STOPPED"}, {"deploymentCircuitBreaker", {{"status", "TRIGGERED"}}}});
  EXPECT_EQ(end(), RolloutEnd::failed);
}

TEST_F(RecordedRolloutTest, StoppedByAnotherDeploymentIsSuperseded) {
  look({deployment("ecs-svc/9", "PRIMARY", "IN_PROGRESS")});
  record({{"status", "IN_PROGRESS"}});
  record({{"status", "STOPPED"}});
  const auto outcome = follow();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->end, RolloutEnd::superseded);
  EXPECT_EQ(outcome->superseded_by, "ecs-svc/9");
}

TEST_F(RecordedRolloutTest, AHookThatWaitsIsContinuedOnce) {
  const Json waiting = {
      {"lifecycleStage", "POST_TEST_TRAFFIC_SHIFT"},
      {"lifecycleHookDetails", {{{"hookId", "h1"}, {"targetType", "PAUSE"}, {"status", "AWAITING_ACTION"}}}}};
  record(waiting);
  record(waiting);
  record({{"status", "SUCCESSFUL"}});
  will_answer("ContinueServiceDeployment", Json::object());
  options_.decide_hook = [](const LifecycleHook&) { return HookDecision::proceed; };
  EXPECT_EQ(end(), RolloutEnd::completed);
  ASSERT_EQ(sent("ContinueServiceDeployment").size(), 1U);
  EXPECT_EQ(sent("ContinueServiceDeployment").at(0),
            (Json{{"serviceDeploymentArn", "arn:sd/2"}, {"hookId", "h1"}, {"action", "CONTINUE"}}));
}

/// Three tasks that cannot pull their image.
class HopelessRolloutTest : public RecordedRolloutTest {
 protected:
  HopelessRolloutTest() {
    options_.hopeless_tasks = 3;
    before_.deployments[0].task_definition_arn = "arn:x/items:1";
    Json failing = deployment(kMine, "PRIMARY", "IN_PROGRESS");
    failing["failedTasks"] = 3;
    look({failing});
    Json tasks = Json::array();
    for (const char* id : {"a", "b", "c"}) {
      tasks.push_back({{"taskArn", std::string("arn:task/") + id},
                       {"startedBy", kMine},
                       {"stopCode", "TaskFailedToStart"},
                       {"stoppedReason", "CannotPullContainerError: items:none not found"}});
    }
    will_answer("ListTasks", {{"taskArns", {"arn:task/a"}}});
    will_answer("DescribeTasks", {{"tasks", tasks}});
  }
};

TEST_F(HopelessRolloutTest, IsStoppedWithoutWaitingForTheBreaker) {
  will_answer("StopServiceDeployment", Json::object());
  record({{"status", "IN_PROGRESS"}});
  record({{"status", "IN_PROGRESS"}});
  record({{"status", "ROLLBACK_IN_PROGRESS"}});
  record({{"status", "ROLLBACK_SUCCESSFUL"}});
  const auto outcome = follow();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->end, RolloutEnd::rolled_back);
  EXPECT_EQ(outcome->reason,
            "3 tasks ended alike and no other will do better: TaskFailedToStart: CannotPullContainerError: "
            "items:none not found");
  ASSERT_EQ(sent("StopServiceDeployment").size(), 1U);
  EXPECT_EQ(sent("StopServiceDeployment").at(0)["stopType"], "ROLLBACK");
}

TEST_F(HopelessRolloutTest, WithoutARecordTheOldRevisionIsDeployedAndFollowed) {
  options_.service_deployment_arn.clear();
  will_answer("UpdateService",
              {{"service", {{"deployments", {deployment("ecs-svc/3", "PRIMARY", "IN_PROGRESS")}}}}});
  Json failing = deployment(kMine, "PRIMARY", "IN_PROGRESS");
  failing["failedTasks"] = 3;
  look({deployment("ecs-svc/3", "PRIMARY", "IN_PROGRESS"), failing});
  look({deployment("ecs-svc/3", "PRIMARY", "COMPLETED")});
  EXPECT_EQ(end(), RolloutEnd::rolled_back);
  EXPECT_EQ(sent("UpdateService").at(0),
            (Json{{"service", "items"}, {"cluster", "production"}, {"taskDefinition", "arn:x/items:1"}}));
}

}  // namespace
}  // namespace ecs
