#include "base/crypto.h"
#include "tests/unit/steps/aws_fixture.h"

namespace steps {
namespace {

using base::Json;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kDefinitionArn = "arn:aws:ecs:eu-central-1:1:task-definition/items:2";
constexpr const char* kRollingBack =
    "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.";

Json deployment(const std::string& id, const std::string& status, const std::string& state,
                const std::string& reason = "") {
  return {{"id", id},
          {"status", status},
          {"taskDefinition", id == "ecs-svc/2" ? kDefinitionArn : "arn:x/items:1"},
          {"rolloutState", state},
          {"rolloutStateReason", reason},
          {"desiredCount", 2},
          {"runningCount", 2},
          {"pendingCount", 0},
          {"failedTasks", state == "FAILED" ? 3 : 0}};
}

/// One service in an AWS of one's own: `looks` are what DescribeServices answers, the last one stays.
class EcsDeploy : public AwsFixture {
 protected:
  EcsDeploy() : aws_([this](const base::HttpRequest& request) { return answer(request); }) {
    services_.http = &aws_;
    give_keys();
    call_.uses = "aws-actions/amazon-ecs-deploy-task-definition@v2";
    call_.inputs = {{"task-definition", "td.json"},
                    {"service", "items"},
                    {"cluster", "production"},
                    {"wait-for-service-stability", "true"}};
    write(
        "td.json",
        R"({"family":"items","containerDefinitions":[{"name":"web","image":"i","memory":9,"environment":[]}]})");
    then({deployment("ecs-svc/1", "PRIMARY", "COMPLETED")});
  }
  void then(std::vector<Json> deployments) { looks_.push_back(std::move(deployments)); }
  void succeed() {
    then({deployment("ecs-svc/2", "PRIMARY", "IN_PROGRESS"), deployment("ecs-svc/1", "ACTIVE", "COMPLETED")});
    then({deployment("ecs-svc/2", "PRIMARY", "COMPLETED", "ECS deployment ecs-svc/2 completed.")});
  }
  base::Result<ActionOutcome> run() { return builtin::amazon_ecs_deploy_task_definition(call_, job_); }
  std::string failure() {
    const auto outcome = run();
    if (!outcome) return outcome.error().message;
    return outcome->failure ? outcome->failure->message : "no failure";
  }
  Json asked_of(const std::string& operation) {
    for (const auto& request : aws_.requests()) {
      if (asked(request) == operation) return base::parse_json(request.body).value_or(nullptr);
    }
    return nullptr;
  }
  Json event(const std::string& type) {
    for (const auto& event : log_.events) {
      if (event.type == type) return event.details;
    }
    ADD_FAILURE() << "no event " << type;
    return nullptr;
  }

  fakes::FakeHttpClient aws_;
  std::deque<std::vector<Json>> looks_;
  Json service_ = {{"serviceName", "items"}, {"status", "ACTIVE"}, {"desiredCount", 2}};
  Json stopped_tasks_ = Json::array();
  std::map<std::string, base::HttpResponse> instead_;

 private:
  Json service_with(const std::vector<Json>& deployments) {
    Json service = service_;
    service["deployments"] = deployments;
    return service;
  }
  fakes::FakeHttpClient::Answer answer(const base::HttpRequest& request) {
    const std::string operation = asked(request);
    const Json body = base::parse_json(request.body).value_or(nullptr);
    if (const auto found = instead_.find(operation); found != instead_.end()) return found->second;
    if (operation == "RegisterTaskDefinition")
      return json({{"taskDefinition", {{"taskDefinitionArn", kDefinitionArn}}}});
    if (operation == "UpdateService") {
      return json({{"service", service_with({deployment("ecs-svc/2", "PRIMARY", "IN_PROGRESS")})}});
    }
    if (operation == "DescribeServices") {
      const auto look = looks_.front();
      if (looks_.size() > 1) looks_.pop_front();
      Json services = Json::array();
      services.push_back(service_with(look));
      return json({{"services", services}});
    }
    if (operation == "ListTasks") {
      stopped_ = base::json_string(body, "desiredStatus") == "STOPPED";
      return json({{"taskArns", {"arn:task/production/0123456789"}}});
    }
    if (operation == "DescribeTasks") {
      if (stopped_) return json({{"tasks", stopped_tasks_}});
      Json task = {{"taskArn", "arn:task/production/0123456789"}, {"taskDefinitionArn", "arn:x/items:1"}};
      return json({{"tasks", Json::array({task})}});
    }
    return base::HttpResponse{400, {}, json_error("AccessDeniedException", "no")};
  }
  static base::HttpResponse json(const Json& body) { return {200, {}, base::to_text(body)}; }

  bool stopped_ = false;
};

TEST_F(EcsDeploy, RegistersUpdatesAndFollowsToTheEnd) {
  succeed();
  const auto outcome = run();
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_FALSE(outcome->failure);
  EXPECT_EQ(outcome->outputs.at("task-definition-arn"), kDefinitionArn);
  EXPECT_EQ(base::to_text(asked_of("RegisterTaskDefinition")),
            R"({"family":"items","containerDefinitions":[{"name":"web","image":"i","memory":9}]})");
  EXPECT_EQ(asked_of("UpdateService")["taskDefinition"], kDefinitionArn);
  EXPECT_THAT(log_.all(),
              HasSubstr("https://eu-central-1.console.aws.amazon.com/ecs/v2/clusters/production/services/"
                        "items/deployments?region=eu-central-1"));
  EXPECT_THAT(log_.all(), HasSubstr("Deployment ecs-svc/2 verified: rolloutState=COMPLETED"));
}

TEST_F(EcsDeploy, MaxRetriesBoundsTheAttempts) {
  instead_["RegisterTaskDefinition"] = {400, {}, json_error("ThrottlingException", "Rate exceeded")};
  const auto attempts = [this](const std::string& retries) {
    call_.inputs["max-retries"] = retries;
    const auto before = aws_.requests().size();
    EXPECT_THAT(failure(), HasSubstr("Rate exceeded"));
    std::size_t count = 0;
    for (std::size_t i = before; i < aws_.requests().size(); ++i)
      count += asked(aws_.requests()[i]) == "RegisterTaskDefinition" ? 1U : 0U;
    return count;
  };
  EXPECT_EQ(attempts("0"), 1U);
  EXPECT_EQ(attempts("2"), 2U);
  EXPECT_EQ(attempts(""), 3U);
}

TEST_F(EcsDeploy, TellsTheEventStreamWhatHappens) {
  succeed();
  ASSERT_TRUE(run());
  EXPECT_EQ(event("deployment")["deployment_id"], "ecs-svc/2");
  const Json rollout = event("rollout");
  EXPECT_EQ(rollout["desired"], 2);
  EXPECT_EQ(rollout["running"], 2);
  EXPECT_EQ(rollout["rollout_state"], "IN_PROGRESS");
  const Json finished = event("deployment_finished");
  EXPECT_EQ(finished["status"], "COMPLETED");
  EXPECT_EQ(finished["service"], "items");
  EXPECT_EQ(finished["cluster"], "production");
  EXPECT_EQ(base::to_text(finished["tasks_before"]), R"x(["items:1 (01234567)"])x");
}

TEST_F(EcsDeploy, ARollbackFailsTheStepAndSaysWhy) {
  then({deployment("ecs-svc/2", "PRIMARY", "IN_PROGRESS")});
  then({deployment("ecs-svc/1", "PRIMARY", "COMPLETED"),
        deployment("ecs-svc/2", "ACTIVE", "FAILED", kRollingBack)});
  stopped_tasks_ = {{{"taskArn", "arn:task/production/a"},
                     {"startedBy", "ecs-svc/2"},
                     {"stoppedReason", "Essential container in task exited"},
                     {"containers", {{{"name", "web"}, {"exitCode", 3}}}}}};
  const std::string message = failure();
  EXPECT_THAT(message,
              HasSubstr("Deployment ecs-svc/2 FAILED and was rolled back: ECS deployment circuit breaker"));
  EXPECT_THAT(message, HasSubstr("service items runs items:1"));
  EXPECT_THAT(message, HasSubstr("Essential container in task exited; container web exited with code 3"));
  EXPECT_EQ(event("deployment_finished")["status"], "ROLLED_BACK");
}

TEST_F(EcsDeploy, ADeploymentOfSomebodyElseFailsTheStep) {
  then({deployment("ecs-svc/2", "PRIMARY", "IN_PROGRESS")});
  then({deployment("ecs-svc/9", "PRIMARY", "IN_PROGRESS")});
  EXPECT_THAT(failure(), HasSubstr("Deployment ecs-svc/2 was superseded by ecs-svc/9"));
}

TEST_F(EcsDeploy, WaitsNoLongerThanItIsTold) {
  call_.inputs["wait-for-minutes"] = "2";
  then({deployment("ecs-svc/2", "PRIMARY", "IN_PROGRESS")});
  EXPECT_THAT(failure(),
              HasSubstr("Resource is not in the state servicesStable: deployment ecs-svc/2 did not complete "
                        "within 2 minutes"));
  EXPECT_EQ(event("deployment_finished")["status"], "TIMED_OUT");
}

TEST_F(EcsDeploy, DoesNotWaitUnlessItIsTold) {
  call_.inputs["wait-for-service-stability"] = "yes";
  ASSERT_TRUE(run());
  EXPECT_EQ(asked(aws_.requests().back()), "UpdateService");
  EXPECT_TRUE(clock_.sleeps().empty());
}

TEST_F(EcsDeploy, PassesOnCountAndForce) {
  call_.inputs["desired-count"] = "4";
  call_.inputs["force-new-deployment"] = "TRUE";
  call_.inputs["propagate-tags"] = "SERVICE";
  succeed();
  ASSERT_TRUE(run());
  const Json request = asked_of("UpdateService");
  EXPECT_EQ(request["desiredCount"], 4);
  EXPECT_EQ(request["forceNewDeployment"], true);
  EXPECT_EQ(request["propagateTags"], "SERVICE");
  call_.inputs["desired-count"] = "many";
  EXPECT_THAT(failure(), HasSubstr("desired-count: expected a number, found 'many'"));
}

TEST_F(EcsDeploy, RegistersOnlyWhenNoServiceIsNamed) {
  call_.inputs.erase("service");
  const auto outcome = run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->outputs.at("task-definition-arn"), kDefinitionArn);
  EXPECT_EQ(aws_.requests().size(), 1U);
}

TEST_F(EcsDeploy, WarnsOfKeysThatCannotBeRegistered) {
  write(
      "td.json",
      R"({"family":"items","revision":3,"status":"ACTIVE","containerDefinitions":[{"name":"web","image":"i","memory":9}]})");
  succeed();
  ASSERT_TRUE(run());
  EXPECT_THAT(
      log_.texts(LineKind::warning),
      Contains("Ignoring property 'revision' in the task definition file. This property is returned by the "
               "Amazon ECS DescribeTaskDefinition API and may be shown in the ECS console, but it is not a "
               "valid field when registering a new task definition. This field can be safely removed from "
               "your task definition file."));
  EXPECT_FALSE(asked_of("RegisterTaskDefinition").contains("status"));
}

TEST_F(EcsDeploy, TakesADefinitionInYaml) {
  write("td.yml",
        "family: items\nmemory: '9'\ncontainerDefinitions:\n  - name: web\n    image: i\n    essential: "
        "true\n    cpu: 10\n");
  call_.inputs["task-definition"] = "td.yml";
  succeed();
  ASSERT_TRUE(run());
  EXPECT_EQ(
      base::to_text(asked_of("RegisterTaskDefinition")),
      R"({"family":"items","memory":"9","containerDefinitions":[{"name":"web","image":"i","essential":true,"cpu":10}]})");
}

TEST_F(EcsDeploy, TellsWhyADefinitionWasRefused) {
  instead_["RegisterTaskDefinition"] = {400, {}, json_error("ClientException", "Role is not valid")};
  EXPECT_EQ(failure(), "Failed to register task definition in ECS: Role is not valid");
}

TEST_F(EcsDeploy, RefusesAServiceWhoseTaskSetsOthersMake) {
  service_["deploymentController"] = {{"type", "EXTERNAL"}};
  EXPECT_THAT(failure(), HasSubstr("Unsupported deployment controller: EXTERNAL"));
  service_["deploymentController"] = {{"type", "ECS"}};
  service_["status"] = "DRAINING";
  EXPECT_EQ(failure(), "Service is DRAINING");
  EXPECT_TRUE(asked_of("RegisterTaskDefinition").is_null()) << "nothing is changed";
}

TEST_F(EcsDeploy, RefusesARolloutThatCannotEndBeforeAnythingChanges) {
  service_["deploymentConfiguration"] = {{"maximumPercent", 100}, {"minimumHealthyPercent", 100}};
  EXPECT_THAT(failure(), HasSubstr("this deployment can never end"));
  EXPECT_TRUE(asked_of("RegisterTaskDefinition").is_null());
  EXPECT_THAT(log_.all(), HasSubstr("✗ tasks: this deployment can never end"));
  call_.inputs["preflight"] = "warn";
  succeed();
  EXPECT_EQ(failure(), "no failure");
  EXPECT_THAT(log_.texts(LineKind::warning),
              Contains(HasSubstr("A problem was found before the deployment")));
}

TEST_F(EcsDeploy, TellsTheEndInOutputsAndSummary) {
  then({deployment("ecs-svc/2", "PRIMARY", "IN_PROGRESS")});
  then({deployment("ecs-svc/1", "PRIMARY", "COMPLETED"),
        deployment("ecs-svc/2", "ACTIVE", "FAILED", kRollingBack)});
  const auto outcome = run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->outputs.at("deployment-id"), "ecs-svc/2");
  EXPECT_EQ(outcome->outputs.at("deployment-status"), "ROLLED_BACK");
  EXPECT_EQ(outcome->outputs.at("rolled-back-to"), "arn:x/items:1");
  EXPECT_THAT(outcome->summary, HasSubstr("### Deployment of items to production: ROLLED_BACK"));
}

/// A task before the service is updated, or alone.
class EcsRunTask : public EcsDeploy {
 protected:
  EcsRunTask() {
    call_.inputs["run-task"] = "true";
    call_.inputs["wait-for-task-stopped"] = "true";
    call_.inputs["run-task-subnets"] = "subnet-1,subnet-2";
    call_.inputs["run-task-container-overrides"] = R"([{"name":"web","command":["migrate"]}])";
    instead_["RunTask"] = {200, {}, R"({"tasks":[{"taskArn":"arn:task/production/t1"}],"failures":[]})"};
    succeed();
  }
  void task_ends_with(const Json& container) {
    Json task = {{"taskArn", "arn:task/production/t1"}, {"lastStatus", "STOPPED"}};
    task["containers"] = Json::array({container});
    instead_["DescribeTasks"] = {200, {}, base::to_text({{"tasks", Json::array({task})}})};
  }
};

TEST_F(EcsRunTask, RunsWithWhatTheInputsSay) {
  task_ends_with({{"name", "web"}, {"exitCode", 0}});
  const auto outcome = run();
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_FALSE(outcome->failure);
  EXPECT_EQ(outcome->outputs.at("run-task-arn"), R"(["arn:task/production/t1"])");
  Json request = asked_of("RunTask");
  EXPECT_FALSE(base::json_string(request, "clientToken").empty());
  request.erase("clientToken");
  EXPECT_EQ(request,
            (Json{{"cluster", "production"},
                  {"overrides", {{"containerOverrides", {{{"name", "web"}, {"command", {"migrate"}}}}}}},
                  {"startedBy", "GitHub-Actions"},
                  {"tags", Json::array()},
                  {"launchType", "FARGATE"},
                  {"networkConfiguration",
                   {{"awsvpcConfiguration",
                     {{"assignPublicIp", "DISABLED"}, {"subnets", {"subnet-1", "subnet-2"}}}}}},
                  {"taskDefinition", kDefinitionArn}}));
  EXPECT_FALSE(asked_of("UpdateService").is_null());
}

TEST_F(EcsRunTask, ABadExitCodeKeepsTheServiceAsItIs) {
  task_ends_with({{"name", "web"}, {"exitCode", 4}});
  EXPECT_THAT(failure(), HasSubstr("Run task failed: [container web exited with code 4]"));
  EXPECT_TRUE(asked_of("UpdateService").is_null());
}

TEST_F(EcsRunTask, AContainerThatNeverRanSaysWhy) {
  task_ends_with({{"name", "web"}, {"reason", "CannotPullContainerError: no"}});
  EXPECT_THAT(failure(),
              HasSubstr("Run task failed: [container web never ran: CannotPullContainerError: no]"));
}

/// A service that CodeDeploy deploys.
class EcsCodeDeploy : public EcsDeploy {
 protected:
  EcsCodeDeploy() {
    service_["deploymentController"] = {{"type", "CODE_DEPLOY"}};
    write(
        "appspec.yaml",
        "version: 0.0\nResources:\n  - TargetService:\n      Type: AWS::ECS::Service\n      properties:\n"
        "        TaskDefinition: <TASK_DEFINITION>\n        LoadBalancerInfo:\n          ContainerName: web\n"
        "          ContainerPort: 80\nHooks:\n  - BeforeInstall: check\n");
    instead_["GetDeploymentGroup"] = {200, {}, R"({"deploymentGroupInfo":{}})"};
    instead_["CreateDeployment"] = {200, {}, R"({"deploymentId":"d-1"})"};
  }
  void deployment_ends(const Json& info) {
    instead_["GetDeployment"] = {200, {}, base::to_text({{"deploymentInfo", info}})};
  }
};

TEST_F(EcsCodeDeploy, CreatesADeploymentWithTheAppSpecAsJavaScriptWritesIt) {
  deployment_ends({{"status", "Succeeded"}});
  const auto outcome = run();
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_FALSE(outcome->failure);
  EXPECT_EQ(outcome->outputs.at("codedeploy-deployment-id"), "d-1");
  const Json request = asked_of("CreateDeployment");
  EXPECT_EQ(request["applicationName"], "AppECS-production-items");
  EXPECT_EQ(request["deploymentGroupName"], "DgpECS-production-items");
  EXPECT_FALSE(request.contains("description"));
  const std::string content = request["revision"]["appSpecContent"]["content"];
  EXPECT_EQ(content,
            R"({"version":0,"Resources":[{"TargetService":{"Type":"AWS::ECS::Service","properties":{)"
            R"("TaskDefinition":"arn:aws:ecs:eu-central-1:1:task-definition/items:2",)"
            R"("LoadBalancerInfo":{"ContainerName":"web","ContainerPort":80}}}}],)"
            R"("Hooks":[{"BeforeInstall":"check"}]})");
  EXPECT_EQ(request["revision"]["appSpecContent"]["sha256"], base::sha256_hex(content));
  EXPECT_TRUE(asked_of("UpdateService").is_null());
}

TEST_F(EcsCodeDeploy, AFailureSaysCodeDeploysReason) {
  deployment_ends({{"status", "Failed"},
                   {"errorInformation",
                    {{"code", "ALARM_ACTIVE"}, {"message", "One or more alarms have been activated"}}}});
  EXPECT_THAT(failure(), HasSubstr("CodeDeploy deployment d-1 FAILED: ALARM_ACTIVE: One or more alarms"));
  EXPECT_EQ(event("deployment_finished")["status"], "FAILED");
}

TEST_F(EcsCodeDeploy, ATimeLimitCountsAlsoWhenTheGroupNamesNoWaits) {
  call_.inputs["wait-for-minutes"] = "2";
  deployment_ends({{"status", "InProgress"}});
  EXPECT_THAT(failure(), HasSubstr("did not end in time"));
}

TEST_F(EcsCodeDeploy, AnAppSpecWithoutAPropertyIsRefused) {
  write("appspec.yaml", "version: 0.0\nResources:\n  - TargetService:\n      Type: x\n");
  EXPECT_THAT(failure(), HasSubstr("AppSpec file must include property 'properties'"));
}

TEST_F(EcsDeploy, EndsTheStoryWhenItLosesSightOfTheDeployment) {
  int looks = 0;
  fakes::FakeHttpClient failing([&](const base::HttpRequest& request) -> fakes::FakeHttpClient::Answer {
    if (asked(request) == "DescribeServices" && ++looks > 1) {
      return base::HttpResponse{
          400, {}, json_error("ExpiredTokenException", "The security token is expired")};
    }
    return aws_.send(request);
  });
  services_.http = &failing;
  const auto outcome = run();
  ASSERT_TRUE(outcome && outcome->failure);
  EXPECT_THAT(outcome->failure->to_string(), HasSubstr("The security token is expired"));
  EXPECT_THAT(outcome->failure->to_string(),
              HasSubstr("lost sight of deployment ecs-svc/2, which may go on"));
  EXPECT_EQ(outcome->outputs.at("deployment-status"), "UNKNOWN");
  EXPECT_THAT(outcome->summary, HasSubstr("### Deployment of items to production: UNKNOWN"));
  EXPECT_EQ(event("deployment_finished")["status"], "UNKNOWN");
  EXPECT_EQ(event("deployment_finished")["reason"], "The security token is expired");
}

TEST_F(EcsDeploy, NeverShowsKeys) {
  succeed();
  ASSERT_TRUE(run());
  EXPECT_THAT(log_.all(), Not(HasSubstr("job-secret")));
}

}  // namespace
}  // namespace steps
