// CodeDeploy's blue/green deployments over an ECS whose tasks are played by the test.
#include "emulator/code_deploy_service.h"

#include "base/crypto.h"
#include "tests/unit/emulator/ecs_fixture.h"

namespace emulator {
namespace {

class CodeDeployTest : public EcsFixture {
 protected:
  static constexpr int kStride = 5;
  static constexpr const char* kListener = "arn:aws:elasticloadbalancing:::listener/production";
  static constexpr const char* kTestListener = "arn:aws:elasticloadbalancing:::listener/test";

  CodeDeployTest() {
    base::Json request = service_request(add_revision(Behaviour::good), 2);
    request["deploymentController"] = {{"type", "CODE_DEPLOY"}};
    request.erase("deploymentConfiguration");
    EXPECT_TRUE(call("CreateService", request).ok());
    ask("CreateApplication", {{"applicationName", "items"}, {"computePlatform", "ECS"}});
    ask("CreateDeploymentGroup", group_request());
    wait(10);
    EXPECT_EQ(service()["taskSets"][0]["stabilityStatus"], "STEADY_STATE");
  }

  static base::Json group_request() {
    return {{"applicationName", "items"},
            {"deploymentGroupName", "production"},
            {"serviceRoleArn", "arn:aws:iam::123456789012:role/deploy"},
            {"ecsServices", {{{"serviceName", "items"}, {"clusterName", "production"}}}},
            {"autoRollbackConfiguration",
             {{"enabled", true},
              {"events", {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST", "DEPLOYMENT_STOP_ON_ALARM"}}}},
            {"alarmConfiguration", {{"enabled", true}, {"alarms", {{{"name", "errors"}}}}}},
            {"loadBalancerInfo",
             {{"targetGroupPairInfoList",
               {{{"targetGroups", {{{"name", "items"}}, {{"name", "items-green"}}}},
                 {"prodTrafficRoute", {{"listenerArns", {kListener}}}},
                 {"testTrafficRoute", {{"listenerArns", {kTestListener}}}}}}}}}};
  }

  ApiResult try_ask(const std::string& operation, base::Json input) {
    const ServiceTable table = deploys_->table();
    return table.operations.at(operation)({.operation = operation, .input = std::move(input)});
  }
  base::Json ask(const std::string& operation, base::Json input) {
    ApiResult result = try_ask(operation, std::move(input));
    if (const auto* failure = std::get_if<ApiFailure>(&result)) {
      ADD_FAILURE() << operation << ": " << failure->code << ": " << failure->message;
      return {};
    }
    return std::get<base::Json>(result);
  }
  std::string failure_of(const std::string& operation, base::Json input) {
    ApiResult result = try_ask(operation, std::move(input));
    const auto* failure = std::get_if<ApiFailure>(&result);
    return failure == nullptr ? "succeeded" : failure->code;
  }
  static base::Json revision(const std::string& task_definition,
                             const base::Json& hooks = base::Json::array()) {
    const base::Json spec = {
        {"version", 0},
        {"Resources",
         {{{"TargetService",
            {{"Type", "AWS::ECS::Service"},
             {"Properties",
              {{"TaskDefinition", task_definition},
               {"LoadBalancerInfo", {{"ContainerName", "items"}, {"ContainerPort", 8000}}}}}}}}}},
        {"Hooks", hooks}};
    return {{"revisionType", "AppSpecContent"}, {"appSpecContent", {{"content", spec.dump()}}}};
  }
  std::string deploy(const base::Json& to, base::Json more = base::Json::object()) {
    more["applicationName"] = "items";
    more["deploymentGroupName"] = "production";
    more["revision"] = to;
    return ask("CreateDeployment", more)["deploymentId"];
  }
  base::Json info(const std::string& id) {
    return ask("GetDeployment", {{"deploymentId", id}})["deploymentInfo"];
  }
  base::Json target(const std::string& id) {
    return ask("GetDeploymentTarget",
               {{"deploymentId", id}, {"targetId", "production:items"}})["deploymentTarget"]["ecsTarget"];
  }
  std::string event_status(const std::string& id, const std::string& name) {
    const base::Json now = target(id);
    for (const base::Json& event : now["lifecycleEvents"]) {
      if (event["lifecycleEventName"] == name) return event["status"];
    }
    return "none";
  }
  /// In strides: what CodeDeploy does takes minutes, and an hour of it nothing but time.
  void wait(int seconds) {
    for (int left = seconds; left > 0; left -= kStride) {
      while (round()) {
      }
      clock_.advance(std::chrono::seconds(std::min(left, kStride)));
      deploys_->step();
    }
  }
  void wait_for_status(const std::string& id, const std::string& status) {
    for (int i = 0; i < 4'000 && info(id)["status"] != status; ++i) wait(kStride);
    ASSERT_EQ(info(id)["status"], status) << info(id).dump(1) << target(id).dump(1);
  }

  CodeDeployWorld deploy_world() {
    CodeDeployWorld world;
    world.call_ecs = [this](const std::string& operation, const base::Json& request) {
      return call(operation, request);
    };
    world.forward = [this](const std::string& listener, const std::vector<WeightedGroup>& groups) {
      for (const WeightedGroup& group : groups) {
        if (group.arn == kGreenGroup) percent_[listener] = group.weight;
      }
      return true;
    };
    world.group_arn = [](const std::string& name) -> std::optional<std::string> {
      if (name == "items") return kGroup;
      if (name == "items-green") return kGreenGroup;
      return std::nullopt;
    };
    world.call_hook = [this](HookCall call) { deploy_calls_.push_back(std::move(call)); };
    world.find_alarms = [this](const std::vector<std::string>& names) {
      return names.empty() ? std::vector<AlarmView>{} : alarms_;
    };
    world.read_yaml = [](const std::string& text) -> base::Result<base::Json> {
      if (text == "yaml")
        return *base::parse_json(base::json_string(revision("items:1")["appSpecContent"], "content"));
      return base::invalid_input("no YAML");
    };
    return world;
  }

  CodeDeployState deploy_state_;
  std::map<std::string, int> percent_;  ///< by listener, to the green group
  std::vector<HookCall> deploy_calls_;
  std::optional<CodeDeploy> deploys_{std::in_place, deploy_state_, deploy_world(), clock_,
                                     CodeDeploySettings{"123456789012", "eu-central-1", 1}};
};

TEST_F(CodeDeployTest, TellsBothWaitsAsNumbers) {
  const base::Json group =
      ask("GetDeploymentGroup", {{"applicationName", "items"}, {"deploymentGroupName", "production"}});
  const base::Json waits = group["deploymentGroupInfo"]["blueGreenDeploymentConfiguration"];
  EXPECT_EQ(waits["deploymentReadyOption"]["waitTimeInMinutes"], 0);
  EXPECT_EQ(waits["terminateBlueInstancesOnDeploymentSuccess"]["terminationWaitTimeInMinutes"], 0);
}

TEST_F(CodeDeployTest, ReplacesTheTaskSetAndGivesItTheTraffic) {
  fewest_healthy_.reset();
  const std::string id = deploy(revision(add_revision(Behaviour::good)));
  EXPECT_EQ(info(id)["status"], "Created");
  EXPECT_EQ(failure_of("CreateDeployment", {{"applicationName", "items"},
                                            {"deploymentGroupName", "production"},
                                            {"revision", revision("items:1")}}),
            "DeploymentLimitExceededException");
  wait_for_status(id, "Succeeded");
  EXPECT_EQ(percent_[kListener], 100);
  EXPECT_EQ(percent_[kTestListener], 100);
  EXPECT_EQ(running(), (std::multiset<std::string>{"items:2", "items:2"}));
  EXPECT_GE(*fewest_healthy_, 2);
  ASSERT_EQ(service()["taskSets"].size(), 1U);
  EXPECT_EQ(service()["taskSets"][0]["status"], "PRIMARY");
  EXPECT_EQ(service()["taskSets"][0]["externalId"], id);
  const char* events[] = {
      "BeforeInstall",      "Install",      "AfterInstall",     "AllowTestTraffic", "AfterAllowTestTraffic",
      "BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"};
  const base::Json seen = target(id)["lifecycleEvents"];
  ASSERT_EQ(seen.size(), std::size(events));
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i]["lifecycleEventName"], events[i]);
    EXPECT_EQ(seen[i]["status"], "Succeeded");
  }
  const std::string back = deploy(revision("items:1"));
  wait_for_status(back, "Succeeded");
  EXPECT_EQ(percent_[kListener], 0) << "the groups change roles with every deployment";
  EXPECT_EQ(info(back)["previousRevision"], info(id)["revision"]);
}

TEST_F(CodeDeployTest, ShiftsInTheStepsOfItsConfiguration) {
  const std::string id =
      deploy(revision(add_revision(Behaviour::good)),
             {{"deploymentConfigName", "CodeDeployDefault.ECSLinear10PercentEvery3Minutes"}});
  while (percent_[kListener] < 10) wait(1);
  wait(170);
  EXPECT_EQ(percent_[kListener], 10);
  wait(15);
  EXPECT_EQ(percent_[kListener], 20);
  EXPECT_EQ(target(id)["taskSetsInfo"][1]["trafficWeight"], 20);
  EXPECT_EQ(target(id)["taskSetsInfo"][0]["taskSetLabel"], "Blue");
  wait_for_status(id, "Succeeded");
}

TEST_F(CodeDeployTest, LeavesNoRequestsWithATaskSetThatRunsNothing) {
  const std::string primary = service()["taskSets"][0]["taskSetArn"];
  const auto scaled = call("UpdateTaskSet", {{"cluster", "production"},
                                             {"service", "items"},
                                             {"taskSet", primary},
                                             {"scale", {{"value", 0}, {"unit", "PERCENT"}}}});
  ASSERT_TRUE(scaled.ok()) << scaled.error().to_string();
  wait(10);
  const std::string id = deploy(revision(add_revision(Behaviour::good)),
                                {{"deploymentConfigName", "CodeDeployDefault.ECSCanary10Percent5Minutes"}});
  while (percent_[kListener] == 0) wait(1);
  EXPECT_EQ(percent_[kListener], 100);
  wait_for_status(id, "Succeeded");
}

TEST_F(CodeDeployTest, WaitsForItsHooksToReport) {
  const std::string id =
      deploy(revision(add_revision(Behaviour::good), {{{"AfterAllowTestTraffic", "check"}}}));
  for (int i = 0; i < 100 && deploy_calls_.empty(); ++i) wait(1);
  ASSERT_EQ(deploy_calls_.size(), 1U);
  EXPECT_EQ(deploy_calls_[0].function_arn, "check");
  EXPECT_EQ(deploy_calls_[0].payload["DeploymentId"], id);
  wait(60);
  EXPECT_EQ(event_status(id, "AfterAllowTestTraffic"), "InProgress");
  EXPECT_EQ(percent_[kTestListener], 100);
  EXPECT_EQ(percent_[kListener], 0);
  const base::Json answer = {
      {"deploymentId", id},
      {"lifecycleEventHookExecutionId", deploy_calls_[0].payload["LifecycleEventHookExecutionId"]},
      {"status", "Succeeded"}};
  ask("PutLifecycleEventHookExecutionStatus", answer);
  wait_for_status(id, "Succeeded");
  EXPECT_EQ(failure_of("PutLifecycleEventHookExecutionStatus", answer),
            "LifecycleEventAlreadyCompletedException");
}

TEST_F(CodeDeployTest, TakesADeploymentBackWhoseHookFails) {
  const std::string id = deploy(revision(add_revision(Behaviour::good), {{{"AfterAllowTraffic", "check"}}}));
  for (int i = 0; i < 100 && deploy_calls_.empty(); ++i) wait(1);
  ASSERT_EQ(deploy_calls_.size(), 1U);
  EXPECT_EQ(percent_[kListener], 100);
  deploys_->report_hook(deploy_calls_[0].run_id, base::Json{{"hookStatus", "FAILED"}});
  wait_for_status(id, "Failed");
  EXPECT_EQ(info(id)["errorInformation"]["code"], "HOOK_EXECUTION_FAILURE");
  const std::string back = info(id)["rollbackInfo"]["rollbackDeploymentId"];
  wait_for_status(back, "Succeeded");
  EXPECT_EQ(info(back)["creator"], "codeDeployRollback");
  EXPECT_EQ(info(back)["rollbackInfo"]["rollbackTriggeringDeploymentId"], id);
  EXPECT_EQ(percent_[kListener], 0);
  EXPECT_EQ(running(), (std::multiset<std::string>{"items:1", "items:1"}));
  EXPECT_EQ(service()["taskSets"].size(), 1U);
}

TEST_F(CodeDeployTest, FailsAfterAnHourWhenTheNewTaskSetDoesNotBecomeHealthy) {
  const std::string id = deploy(revision(add_revision(Behaviour::slow)));
  wait(10);
  clock_.advance(std::chrono::minutes(58));
  wait(10);
  EXPECT_EQ(info(id)["status"], "InProgress");
  wait(2 * 60);
  EXPECT_EQ(info(id)["errorInformation"]["code"], "TIMEOUT");
  wait(30);
  EXPECT_EQ(running(), (std::multiset<std::string>{"items:1", "items:1"}));
  EXPECT_EQ(percent_[kListener], 0);
}

TEST_F(CodeDeployTest, StopsWhenAnAlarmRingsOrAUserSays) {
  std::string id = deploy(revision(add_revision(Behaviour::good)),
                          {{"deploymentConfigName", "CodeDeployDefault.ECSCanary10Percent15Minutes"}});
  while (percent_[kListener] < 10) wait(1);
  alarms_ = {{"errors", true, 60}};
  wait_for_status(id, "Stopped");
  EXPECT_EQ(info(id)["errorInformation"]["code"], "ALARM_ACTIVE");
  wait(30);
  EXPECT_EQ(percent_[kListener], 0);
  EXPECT_EQ(running(), (std::multiset<std::string>{"items:1", "items:1"}));
  alarms_.clear();
  id = deploy(revision("items:2"),
              {{"deploymentConfigName", "CodeDeployDefault.ECSCanary10Percent15Minutes"}});
  while (percent_[kListener] < 10) wait(1);
  EXPECT_EQ(ask("StopDeployment", {{"deploymentId", id}, {"autoRollbackEnabled", true}})["status"],
            "Pending");
  wait_for_status(id, "Stopped");
  EXPECT_EQ(info(id)["errorInformation"]["code"], "MANUAL_STOP");
  wait(30);
  EXPECT_EQ(running(), (std::multiset<std::string>{"items:1", "items:1"}));
  EXPECT_EQ(failure_of("StopDeployment", {{"deploymentId", id}}), "DeploymentAlreadyCompletedException");
}

TEST_F(CodeDeployTest, WaitsForAWordBeforeProductionTrafficAndKeepsTheOldTasksForAWhile) {
  base::Json change = {
      {"applicationName", "items"},
      {"currentDeploymentGroupName", "production"},
      {"blueGreenDeploymentConfiguration",
       {{"deploymentReadyOption", {{"actionOnTimeout", "STOP_DEPLOYMENT"}, {"waitTimeInMinutes", 30}}},
        {"terminateBlueInstancesOnDeploymentSuccess",
         {{"action", "TERMINATE"}, {"terminationWaitTimeInMinutes", 60}}}}}};
  ask("UpdateDeploymentGroup", change);
  std::string id = deploy(revision(add_revision(Behaviour::good)));
  EXPECT_EQ(failure_of("ContinueDeployment", {{"deploymentId", id}}), "DeploymentIsNotInReadyStateException");
  wait_for_status(id, "Ready");
  wait(60);
  EXPECT_EQ(percent_[kListener], 0);
  ask("ContinueDeployment", {{"deploymentId", id}, {"deploymentWaitType", "READY_WAIT"}});
  wait(5 * 60);
  EXPECT_EQ(percent_[kListener], 100);
  EXPECT_EQ(running().size(), 4U);
  EXPECT_EQ(info(id)["status"], "InProgress") << "it has succeeded only when the old tasks are gone";
  EXPECT_EQ(info(id)["instanceTerminationWaitTimeStarted"], true);
  ask("ContinueDeployment", {{"deploymentId", id}, {"deploymentWaitType", "TERMINATION_WAIT"}});
  wait(10);
  EXPECT_EQ(info(id)["status"], "Succeeded");
  id = deploy(revision("items:1"));
  wait_for_status(id, "Ready");
  wait(31 * 60);
  EXPECT_EQ(info(id)["status"], "Stopped") << "nobody said a word";
}

TEST_F(CodeDeployTest, GoesOnAfterARestart) {
  const std::string id = deploy(revision(add_revision(Behaviour::good)),
                                {{"deploymentConfigName", "CodeDeployDefault.ECSCanary10Percent15Minutes"}});
  while (percent_[kListener] < 10) wait(1);
  wait(10 * 60);
  const base::Json kept = kept_state(deploy_state_);
  deploys_.reset();
  deploy_state_.applications.clear();
  deploy_state_.deployments.clear();
  ASSERT_TRUE(load_kept_state(deploy_state_, *base::parse_json(kept.dump())).ok());
  deploys_.emplace(deploy_state_, deploy_world(), clock_,
                   CodeDeploySettings{"123456789012", "eu-central-1", 1});
  wait(60);
  EXPECT_EQ(percent_[kListener], 10);
  wait(5 * 60);
  EXPECT_EQ(info(id)["status"], "Succeeded");
}

TEST_F(CodeDeployTest, RefusesRevisionsThatItCannotDeploy) {
  const auto refused = [&](const base::Json& content) {
    return failure_of("CreateDeployment", {{"applicationName", "items"},
                                           {"deploymentGroupName", "production"},
                                           {"revision", {{"appSpecContent", content}}}});
  };
  const std::string good = base::json_string(revision("items:1")["appSpecContent"], "content");
  EXPECT_EQ(refused({{"content", good}, {"sha256", std::string(64, '0')}}), "InvalidRevisionException");
  EXPECT_EQ(refused({{"content", "{}"}}), "InvalidRevisionException");
  EXPECT_EQ(refused({{"content", "["}}), "InvalidRevisionException");
  EXPECT_EQ(refused({{"content", 5}}), "InvalidRevisionException");
  EXPECT_EQ(failure_of("CreateDeployment", {{"applicationName", "nobody"}}),
            "ApplicationDoesNotExistException");
  EXPECT_EQ(failure_of("CreateDeployment", {{"applicationName", "items"}}),
            "DeploymentGroupNameRequiredException");
  EXPECT_EQ(refused({{"content", good}, {"sha256", base::sha256_hex(good)}}), "succeeded");
}

TEST_F(CodeDeployTest, TakesAnAppSpecInYaml) {
  const std::string id = deploy({{"appSpecContent", {{"content", "yaml"}}}});
  wait_for_status(id, "Succeeded");
}

TEST_F(CodeDeployTest, KeepsItsOwnConfigurationsBesideThePredefinedOnes) {
  ask("CreateDeploymentConfig", {{"deploymentConfigName", "Quarter"},
                                 {"computePlatform", "ECS"},
                                 {"trafficRoutingConfig",
                                  {{"type", "TimeBasedLinear"},
                                   {"timeBasedLinear", {{"linearPercentage", 25}, {"linearInterval", 1}}}}}});
  EXPECT_EQ(ask("ListDeploymentConfigs", base::Json::object())["deploymentConfigsList"].size(), 6U);
  const base::Json own = ask("GetDeploymentConfig", {{"deploymentConfigName", "Quarter"}});
  EXPECT_EQ(traffic_steps(own["deploymentConfigInfo"]["trafficRoutingConfig"]),
            (std::vector<TrafficStep>{{25, 1}, {50, 1}, {75, 1}, {100, 0}}));
  EXPECT_EQ(failure_of("CreateDeploymentConfig", {{"deploymentConfigName", "Broken"},
                                                  {"computePlatform", "ECS"},
                                                  {"trafficRoutingConfig", {{"type", "TimeBasedCanary"}}}}),
            "InvalidTrafficRoutingConfigurationException");
  EXPECT_EQ(failure_of("GetDeploymentConfig", {{"deploymentConfigName", "Broken"}}),
            "DeploymentConfigDoesNotExistException");
}

TEST_F(CodeDeployTest, SurvivesRequestsOfAnyShape) {
  const base::Json odd[] = {base::Json::object(), base::Json::array(), "text", 5, nullptr, -1.5, true,
                            {{"a", {1, 2}}},      {nullptr, "x"}};
  const base::Json shapes[] = {group_request(),
                               {{"applicationName", "items"},
                                {"deploymentGroupName", "production"},
                                {"revision", revision("items:1")}}};
  for (const auto& [name, operation] : deploys_->table().operations) {
    for (const base::Json& shape : shapes) {
      for (const auto& [key, value] : shape.items()) {
        for (const base::Json& replacement : odd) {
          base::Json input = shape;
          input[key] = replacement;
          EXPECT_NO_THROW((void)try_ask(name, input)) << name << input;
        }
      }
    }
  }
  EXPECT_NO_THROW(wait(5));
}

}  // namespace
}  // namespace emulator
