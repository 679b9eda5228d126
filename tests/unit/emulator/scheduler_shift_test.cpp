// Blue/green, linear and canary deployments, driven by a clock that stands still.
#include "tests/unit/emulator/ecs_fixture.h"

namespace emulator {
namespace {

class SchedulerShiftTest : public EcsFixture {
 protected:
  static base::Json balancers() {
    return {{{"targetGroupArn", kGroup},
             {"containerName", "items"},
             {"containerPort", 8000},
             {"advancedConfiguration",
              {{"alternateTargetGroupArn", kGreenGroup},
               {"productionListenerRule", kProduction},
               {"testListenerRule", kTest},
               {"roleArn", "arn:aws:iam::123456789012:role/ecs"}}}}};
  }
  /// A service of two tasks that runs its first revision.
  void run_shifting(base::Json configuration) {
    base::Json request = service_request(add_revision(Behaviour::good), 2);
    request["loadBalancers"] = balancers();
    request["deploymentConfiguration"] = std::move(configuration);
    const auto made = call("CreateService", request);
    ASSERT_TRUE(made.ok()) << made.error().to_string();
    for (int i = 0; i < 7200 && newest_deployment()["status"] != "SUCCESSFUL"; ++i) pass(1);
    ASSERT_EQ(newest_deployment()["status"], "SUCCESSFUL") << newest_deployment();
    shifts_.clear();
    calls_.clear();
  }
  void pass_until(const std::string& stage) {
    for (int i = 0; i < 10'000 && newest_deployment()["lifecycleStage"] != stage; ++i) pass(1);
    ASSERT_EQ(newest_deployment()["lifecycleStage"], stage) << newest_deployment().dump(1);
  }
  static base::Json hook(const std::string& stage) {
    return {{"hookTargetArn", "arn:aws:lambda:eu-central-1:123456789012:function:check"},
            {"roleArn", "arn:aws:iam::123456789012:role/ecs"},
            {"lifecycleStages", {stage}}};
  }
};

TEST_F(SchedulerShiftTest, BringsAFirstRevisionUpWithoutWaiting) {
  run_shifting({{"strategy", "CANARY"}});
  EXPECT_EQ(shares_[kProduction].target_group, kGroup);
  EXPECT_EQ(shares_[kProduction].target_percent, 100);
  EXPECT_EQ(running(), (std::multiset<std::string>{"items:1", "items:1"}));
}

TEST_F(SchedulerShiftTest, ReplacesAllTasksInTheOtherTargetGroupAndKeepsTheOldOnesWhileItBakes) {
  run_shifting({{"strategy", "BLUE_GREEN"}, {"bakeTimeInMinutes", 5}});
  update(add_revision(Behaviour::good));
  EXPECT_EQ(newest_deployment()["status"], "PENDING");
  pass_until("BAKE_TIME");
  const base::Json baking = newest_deployment();
  EXPECT_EQ(baking["status"], "IN_PROGRESS");
  EXPECT_EQ(baking["targetServiceRevision"]["requestedProductionTrafficWeight"], 100);
  EXPECT_EQ(baking["sourceServiceRevisions"][0]["requestedProductionTrafficWeight"], 0);
  EXPECT_EQ(baking["sourceServiceRevisions"][0]["runningTaskCount"], 2);
  EXPECT_EQ(running().size(), 4U) << "the old tasks wait, in case they are needed";
  EXPECT_EQ(shifts_, (std::vector<std::string>{"0 % to items-green", "100 % to items-green"}));
  pass(4 * 60);
  EXPECT_EQ(running().size(), 4U);
  pass(2 * 60);
  EXPECT_EQ(running(), (std::multiset<std::string>{"items:2", "items:2"}));
  EXPECT_EQ(newest_deployment()["status"], "SUCCESSFUL");
  EXPECT_EQ(service()["deployments"].size(), 1U);
  update(add_revision(Behaviour::good));
  pass(10 * 60);
  EXPECT_EQ(shares_[kProduction].target_group, kGroup) << "the next one goes back to the first group";
  EXPECT_EQ(newest_deployment()["status"], "SUCCESSFUL");
}

TEST_F(SchedulerShiftTest, ShiftsInStepsAndWaitsBetweenThem) {
  run_shifting(
      {{"strategy", "LINEAR"}, {"linearConfiguration", {{"stepPercent", 40}, {"stepBakeTimeInMinutes", 2}}}});
  update(add_revision(Behaviour::good));
  pass_until("PRODUCTION_TRAFFIC_SHIFT");
  EXPECT_EQ(shifts_.back(), "40 % to items-green");
  pass(115);
  EXPECT_EQ(shifts_.back(), "40 % to items-green");
  pass(10);
  EXPECT_EQ(shifts_.back(), "80 % to items-green");
  pass(125);
  EXPECT_EQ(newest_deployment()["status"], "SUCCESSFUL");
  EXPECT_EQ(shifts_, (std::vector<std::string>{"0 % to items-green", "40 % to items-green",
                                               "80 % to items-green", "100 % to items-green"}));
}

TEST_F(SchedulerShiftTest, GivesTestTrafficToTheNewRevisionBeforeProductionTraffic) {
  run_shifting({{"strategy", "BLUE_GREEN"}, {"lifecycleHooks", {hook("POST_TEST_TRAFFIC_SHIFT")}}});
  calls_.clear();
  hook_answer_ = {{"hookStatus", "IN_PROGRESS"}};
  update(add_revision(Behaviour::good));
  pass_until("POST_TEST_TRAFFIC_SHIFT");
  EXPECT_EQ(shares_[kTest].target_group, kGreenGroup);
  EXPECT_EQ(shares_[kTest].target_percent, 100);
  EXPECT_EQ(shares_[kProduction].target_percent, 0);
  ASSERT_FALSE(calls_.empty());
  const base::Json payload = calls_[0].payload;
  const std::string target = newest_deployment()["targetServiceRevision"]["arn"];
  EXPECT_EQ(payload["serviceArn"], service()["serviceArn"]);
  EXPECT_EQ(payload["targetServiceRevisionArn"], target);
  EXPECT_EQ(payload["testTrafficWeights"][target], 100);
  EXPECT_EQ(payload["productionTrafficWeights"][target], 0);
}

TEST_F(SchedulerShiftTest, AsksAHookAgainUntilItIsDone) {
  run_shifting({{"strategy", "BLUE_GREEN"}, {"lifecycleHooks", {hook("POST_SCALE_UP")}}});
  calls_.clear();
  hook_answer_ = {{"hookStatus", "IN_PROGRESS"}, {"callBackDelay", 60}, {"hookDetails", {{"seen", 1}}}};
  update(add_revision(Behaviour::good));
  pass(5);
  EXPECT_EQ(calls_.size(), 1U);
  pass(50);
  EXPECT_EQ(calls_.size(), 1U);
  pass(10);
  ASSERT_EQ(calls_.size(), 2U);
  EXPECT_EQ(calls_[1].payload["hookDetails"]["seen"], 1) << "what it answered comes back to it";
  hook_answer_ = {{"hookStatus", "SUCCEEDED"}};
  pass(65);
  EXPECT_EQ(newest_deployment()["status"], "SUCCESSFUL");
  EXPECT_EQ(newest_deployment()["lifecycleHookDetails"][0]["status"], "SUCCEEDED");
}

TEST_F(SchedulerShiftTest, GoesBackWhenAHookFailsAtAnyStage) {
  const char* stages[] = {"PRE_SCALE_UP",
                          "POST_SCALE_UP",
                          "TEST_TRAFFIC_SHIFT",
                          "POST_TEST_TRAFFIC_SHIFT",
                          "PRE_PRODUCTION_TRAFFIC_SHIFT",
                          "PRODUCTION_TRAFFIC_SHIFT",
                          "POST_PRODUCTION_TRAFFIC_SHIFT"};
  run_shifting({{"strategy", "CANARY"}, {"canaryConfiguration", {{"canaryBakeTimeInMinutes", 0}}}});
  const std::string good = service()["taskDefinition"];
  for (const char* stage : stages) {
    ASSERT_TRUE(call("UpdateService", {{"cluster", "production"},
                                       {"service", "items"},
                                       {"deploymentConfiguration", {{"lifecycleHooks", {hook(stage)}}}}})
                    .ok());
    hook_answer_ = {{"hookStatus", "FAILED"}};
    fewest_healthy_.reset();
    update(add_revision(Behaviour::good));
    pass(30);
    const base::Json ended = newest_deployment();
    EXPECT_EQ(ended["status"], "ROLLBACK_SUCCESSFUL") << stage << ended.dump(1);
    EXPECT_EQ(ended["lifecycleHookDetails"][0]["status"], "FAILED") << stage;
    EXPECT_EQ(service()["taskDefinition"], good) << stage;
    EXPECT_EQ(running(), (std::multiset<std::string>{"items:1", "items:1"})) << stage;
    EXPECT_EQ(shares_[kProduction].target_percent, 0) << stage;
    EXPECT_GE(*fewest_healthy_, 2) << stage;
  }
}

TEST_F(SchedulerShiftTest, GoesBackWhenAHookGivesNoAnswerOrNone) {
  run_shifting({{"strategy", "BLUE_GREEN"}, {"lifecycleHooks", {hook("PRE_SCALE_UP")}}});
  hook_answer_ = {{"status", "fine"}};
  update(add_revision(Behaviour::good));
  pass(10);
  EXPECT_EQ(newest_deployment()["status"], "ROLLBACK_SUCCESSFUL");
  EXPECT_TRUE(has_event("it gave no hookStatus"));
}

TEST_F(SchedulerShiftTest, WaitsAtAPauseForTheUser) {
  base::Json pause = {{"targetType", "PAUSE"},
                      {"lifecycleStages", {"POST_TEST_TRAFFIC_SHIFT"}},
                      {"timeoutConfiguration", {{"timeoutInMinutes", 10}, {"action", "ROLLBACK"}}}};
  run_shifting({{"strategy", "BLUE_GREEN"}});
  ASSERT_TRUE(call("UpdateService", {{"cluster", "production"},
                                     {"service", "items"},
                                     {"deploymentConfiguration", {{"lifecycleHooks", {pause}}}}})
                  .ok());
  const auto deploy_to_the_pause = [&] {
    update(add_revision(Behaviour::good));
    pass_until("POST_TEST_TRAFFIC_SHIFT");
    return newest_deployment()["lifecycleHookDetails"][0];
  };
  base::Json details = deploy_to_the_pause();
  EXPECT_EQ(details["status"], "AWAITING_ACTION");
  EXPECT_EQ(details["targetType"], "PAUSE");
  base::Json answer = {{"serviceDeploymentArn", newest_deployment()["serviceDeploymentArn"]},
                       {"hookId", details["hookId"]}};
  ASSERT_TRUE(call("ContinueServiceDeployment", answer).ok());
  EXPECT_EQ(code_of("ContinueServiceDeployment", answer), "ClientException") << "it was answered already";
  pass(10);
  EXPECT_EQ(newest_deployment()["status"], "SUCCESSFUL");

  details = deploy_to_the_pause();
  answer = {{"serviceDeploymentArn", newest_deployment()["serviceDeploymentArn"]},
            {"hookId", details["hookId"]},
            {"action", "ROLLBACK"}};
  ASSERT_TRUE(call("ContinueServiceDeployment", answer).ok());
  pass(10);
  EXPECT_EQ(newest_deployment()["status"], "ROLLBACK_SUCCESSFUL");

  deploy_to_the_pause();
  pass(9 * 60);
  EXPECT_EQ(newest_deployment()["status"], "IN_PROGRESS");
  pass(2 * 60);
  EXPECT_EQ(newest_deployment()["status"], "ROLLBACK_SUCCESSFUL");
  EXPECT_EQ(newest_deployment()["lifecycleHookDetails"][0]["status"], "TIMED_OUT");
}

TEST_F(SchedulerShiftTest, NeverShiftsToARevisionThatDoesNotBecomeHealthy) {
  run_shifting(
      {{"strategy", "BLUE_GREEN"}, {"deploymentCircuitBreaker", {{"enable", true}, {"rollback", true}}}});
  for (const Behaviour behaviour : {Behaviour::sick, Behaviour::crashes, Behaviour::cannot_start}) {
    shifts_.clear();
    update(add_revision(behaviour));
    pass(120);
    EXPECT_EQ(newest_deployment()["status"], "ROLLBACK_SUCCESSFUL") << newest_deployment().dump(1);
    EXPECT_EQ(newest_deployment()["deploymentCircuitBreaker"]["status"], "TRIGGERED");
    EXPECT_EQ(shifts_, (std::vector<std::string>{"0 % to items-green"}));
    EXPECT_EQ(running(), (std::multiset<std::string>{"items:1", "items:1"}));
  }
}

TEST_F(SchedulerShiftTest, GoesBackFromTheBakeTimeWhenAskedTo) {
  run_shifting({{"strategy", "BLUE_GREEN"}, {"bakeTimeInMinutes", 60}});
  update(add_revision(Behaviour::good));
  pass_until("BAKE_TIME");
  ASSERT_TRUE(
      call("StopServiceDeployment", {{"serviceDeploymentArn", newest_deployment()["serviceDeploymentArn"]}})
          .ok());
  EXPECT_EQ(newest_deployment()["status"], "ROLLBACK_REQUESTED");
  pass(10);
  EXPECT_EQ(newest_deployment()["status"], "ROLLBACK_SUCCESSFUL");
  EXPECT_EQ(running(), (std::multiset<std::string>{"items:1", "items:1"}));
}

TEST_F(SchedulerShiftTest, ReconcilesADeploymentThatBeganBeforeTheLastOneWasOver) {
  run_shifting({{"strategy", "BLUE_GREEN"}, {"bakeTimeInMinutes", 60}});
  update(add_revision(Behaviour::good));
  pass_until("BAKE_TIME");
  fewest_healthy_.reset();
  update(add_revision(Behaviour::good));
  EXPECT_EQ(newest_deployment()["sourceServiceRevisions"].size(), 2U);
  pass_until("BAKE_TIME");
  pass(61 * 60);
  EXPECT_EQ(newest_deployment()["status"], "SUCCESSFUL");
  EXPECT_EQ(running(), (std::multiset<std::string>{"items:3", "items:3"}));
  EXPECT_GE(*fewest_healthy_, 2);
}

TEST_F(SchedulerShiftTest, RollsWhereTheTrafficIsAfterTheStrategyWasChanged) {
  run_shifting({{"strategy", "BLUE_GREEN"}});
  update(add_revision(Behaviour::good));
  pass(10);
  ASSERT_EQ(shares_[kProduction].target_group, kGreenGroup);
  ASSERT_TRUE(call("UpdateService", {{"cluster", "production"},
                                     {"service", "items"},
                                     {"taskDefinition", add_revision(Behaviour::good)},
                                     {"deploymentConfiguration", {{"strategy", "ROLLING"}}}})
                  .ok());
  pass(20);
  EXPECT_EQ(newest_deployment()["status"], "SUCCESSFUL");
  EXPECT_EQ(shares_[kProduction], (TrafficShare{kProduction, kGreenGroup, "", 100}));
  EXPECT_TRUE(has_event(std::string("deregistered 1 targets in (target-group ") + kGreenGroup + ")") ||
              has_event(std::string("deregistered 2 targets in (target-group ") + kGreenGroup + ")"));
}

TEST_F(SchedulerShiftTest, GoesOnAfterARestartWhereItWas) {
  run_shifting({{"strategy", "BLUE_GREEN"}, {"bakeTimeInMinutes", 10}});
  update(add_revision(Behaviour::good));
  pass_until("BAKE_TIME");
  pass(5 * 60);
  const base::Json before = newest_deployment();
  const base::Json kept = kept_state(state_);
  state_.services.clear();
  state_.tasks.clear();
  state_.clusters.clear();
  state_.families.clear();
  targets_.clear();
  shares_.clear();
  ASSERT_TRUE(load_kept_state(state_, *base::parse_json(kept.dump())).ok());
  pass(30);
  EXPECT_EQ(newest_deployment()["lifecycleStage"], "BAKE_TIME");
  EXPECT_EQ(newest_deployment()["serviceDeploymentArn"], before["serviceDeploymentArn"]);
  EXPECT_EQ(running().size(), 4U) << "both revisions are back";
  EXPECT_EQ(shares_[kProduction].target_percent, 100) << "the listener was told again";
  pass(5 * 60);
  EXPECT_EQ(newest_deployment()["status"], "SUCCESSFUL") << "what it had baked before counts";
}

TEST_F(SchedulerShiftTest, RefusesAStrategyThatItsLoadBalancersCannotCarry) {
  base::Json request = service_request(add_revision(Behaviour::good), 1);
  request["deploymentConfiguration"] = {{"strategy", "BLUE_GREEN"}};
  EXPECT_EQ(code_of("CreateService", request), "InvalidParameterException");
  request["loadBalancers"] = balancers();
  request["deploymentController"] = {{"type", "EXTERNAL"}};
  EXPECT_EQ(code_of("CreateService", request), "InvalidParameterException");
}

}  // namespace
}  // namespace emulator
