#include "tests/fakes/wrong_definitions.h"
#include "tests/unit/emulator/ecs_fixture.h"

namespace emulator {
namespace {

class EcsApiTest : public EcsFixture {
 protected:
  static base::Json with(base::Json object, const char* key, base::Json value) {
    object[key] = std::move(value);
    return object;
  }
  static base::Json with_container(const char* key, base::Json value) {
    base::Json request = definition();
    request["containerDefinitions"][0][key] = std::move(value);
    return request;
  }
};

TEST_F(EcsApiTest, NamesWhatIsMissingAsAwsDoes) {
  run_service(1);
  EXPECT_EQ(code_of("DescribeServices", {{"cluster", "nowhere"}, {"services", {"items"}}}),
            "ClusterNotFoundException");
  EXPECT_EQ(code_of("UpdateService", {{"cluster", "production"}, {"service", "nobody"}}),
            "ServiceNotFoundException");
  EXPECT_EQ(code_of("UpdateService",
                    {{"cluster", "production"}, {"service", "items"}, {"taskDefinition", "items:99"}}),
            "ClientException");
  EXPECT_EQ(code_of("DescribeTaskDefinition", {{"taskDefinition", "nothing"}}), "ClientException");
  EXPECT_EQ(code_of("RunTask", {{"cluster", "production"}, {"taskDefinition", "nothing"}}),
            "ClientException");
  EXPECT_EQ(code_of("StopTask", {{"cluster", "production"}, {"task", "nothing"}}),
            "InvalidParameterException");
  EXPECT_EQ(code_of("ListServiceDeployments", {{"cluster", "production"}, {"service", "nobody"}}),
            "ServiceNotFoundException");
  EXPECT_EQ(code_of("ExecuteCommand", base::Json::object()), "UnsupportedFeatureException");
  const auto answer =
      call("DescribeServices", {{"cluster", "production"}, {"services", {"items", "nobody"}}});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ((*answer)["services"].size(), 1U);
  EXPECT_EQ((*answer)["failures"][0]["reason"], "MISSING");
  EXPECT_EQ((*answer)["failures"][0]["arn"],
            "arn:aws:ecs:eu-central-1:123456789012:service/production/nobody");
}

TEST_F(EcsApiTest, RefusesTaskDefinitionsThatAwsRefuses) {
  for (const base::Json& request : {
           with(definition(), "family", "no blanks please"),
           with(definition(), "family", ""),
           with(definition(), "containerDefinitions", base::Json::array()),
           with(definition(), "containerDefinitions", {1, 2}),
           with(definition(), "networkMode", "bridge"),
           with(definition(), "executionRoleArn", "arn:aws:iam::123456789012:user/x"),
           with_container("name", ""),
           with_container("essential", false),
           with_container("portMappings", {{{"containerPort", 70000}}}),
           with_container("stopTimeout", 100000),
           with_container("healthCheck", {{"command", {"CMD", "true"}}, {"interval", 1e300}}),
           with_container("healthCheck", {{"command", {"CMD", "true"}}, {"retries", -1}}),
       }) {
    EXPECT_EQ(code_of("RegisterTaskDefinition", request), "ClientException") << request.dump();
  }
  base::Json twice = definition();
  twice["containerDefinitions"].push_back(twice["containerDefinitions"][0]);
  EXPECT_EQ(code_of("RegisterTaskDefinition", twice), "ClientException");
  base::Json without_cpu = definition();
  without_cpu.erase("cpu");
  EXPECT_EQ(code_of("RegisterTaskDefinition", without_cpu), "ClientException");
}

TEST_F(EcsApiTest, RefusesWrongDefinitionsInTheWordsOfAws) {
  EXPECT_EQ(code_of("RegisterTaskDefinition", fakes::right_definition()).rfind("succeeded", 0), 0U);
  for (const auto& wrong : fakes::wrong_definitions()) {
    const auto answer = call("RegisterTaskDefinition", fakes::changed(wrong.change));
    ASSERT_FALSE(answer.ok()) << wrong.change;
    EXPECT_EQ(answer.error().code, wrong.code) << wrong.change;
    EXPECT_EQ(answer.error().message, wrong.message) << wrong.change;
  }
}

TEST_F(EcsApiTest, RefusesMembersOfAWrongTypeAsAwsParserDoes) {
  run_service(1);
  const base::Json task{{"cluster", "production"}, {"taskDefinition", "items:1"}};
  const base::Json change{{"cluster", "production"}, {"service", "items"}};
  for (const auto& [operation, request, message] : {
           std::tuple{"UpdateService", with(change, "desiredCount", "2"),
                      "STRING_VALUE can not be converted to an Integer"},
           {"UpdateService", with(change, "forceNewDeployment", "true"),
            "STRING_VALUE can not be converted to a Boolean"},
           {"UpdateService", with(change, "service", {"items"}), "Start of list found where not expected"},
           {"RunTask", with(task, "count", "1"), "STRING_VALUE can not be converted to an Integer"},
           {"RunTask", with(task, "overrides", {{"containerOverrides", {{{"name", "items"}, {"cpu", "1"}}}}}),
            "STRING_VALUE can not be converted to an Integer"},
           {"RunTask", with(task, "overrides", {{"cpu", 512}}),
            "NUMBER_VALUE can not be converted to a String"},
           {"RunTask", with(task, "tags", {{"key", "a"}}), "Expected list or null"},
           {"RunTask", with(task, "networkConfiguration", "x"), "Expected structure or map"},
           {"DescribeServices", with(change, "services", "items"), "Expected list or null"},
       }) {
    const auto answer = call(operation, request);
    ASSERT_FALSE(answer.ok()) << operation << request.dump();
    EXPECT_EQ(answer.error().code, "SerializationException") << request.dump();
    EXPECT_EQ(answer.error().message, message) << request.dump();
  }
}

TEST_F(EcsApiTest, KeepsMembersThatItDoesNotKnowAndNumbersRevisions) {
  base::Json request = definition();
  request["brandNewMember"] = {{"kept", true}};
  const auto first = call("RegisterTaskDefinition", request);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ((*first)["taskDefinition"]["taskDefinitionArn"],
            "arn:aws:ecs:eu-central-1:123456789012:task-definition/items:1");
  ASSERT_TRUE(call("DeregisterTaskDefinition", {{"taskDefinition", "items:1"}}).ok());
  const auto second = call("RegisterTaskDefinition", request);
  EXPECT_EQ((*second)["taskDefinition"]["revision"], 2) << "a number is never given twice";
  const auto described = call("DescribeTaskDefinition", {{"taskDefinition", "items"}});
  EXPECT_EQ((*described)["taskDefinition"]["brandNewMember"]["kept"], true);
  EXPECT_EQ((*described)["taskDefinition"]["revision"], 2);
  EXPECT_EQ(code_of("CreateService", service_request("items:1", 1)), "ClientException") << "inactive";
  const auto list = call("ListTaskDefinitions", {{"familyPrefix", "items"}});
  EXPECT_EQ((*list)["taskDefinitionArns"].size(), 1U);
}

TEST_F(EcsApiTest, RefusesServicesThatCouldNeverWork) {
  const std::string revision = add_revision(Behaviour::good);
  const base::Json good = service_request(revision, 1);
  base::Json request = good;
  request["loadBalancers"][0]["containerName"] = "other";
  EXPECT_EQ(call("CreateService", request).error().message,
            "The container other does not exist in the task definition.");
  request = good;
  request["loadBalancers"][0]["containerPort"] = 81;
  EXPECT_EQ(call("CreateService", request).error().message,
            "The container items did not have a container port 81 defined.");
  for (const base::Json& bad : {
           with(good, "desiredCount", -1),
           with(good, "desiredCount", 1'000'000'000'000),
           with(good, "serviceName", ""),
           with(good, "deploymentConfiguration", {{"minimumHealthyPercent", 100}, {"maximumPercent", 100}}),
           with(good, "deploymentConfiguration", {{"minimumHealthyPercent", -5}}),
           with(good, "deploymentConfiguration", {{"minimumHealthyPercent", 50}, {"maximumPercent", 1e18}}),
           with(good, "loadBalancers", {"x"}),
       }) {
    EXPECT_EQ(code_of("CreateService", bad), "InvalidParameterException") << bad.dump();
  }
  group_is_usable_ = false;
  EXPECT_NE(call("CreateService", good).error().message.find("does not have an associated load balancer"),
            std::string::npos);
  group_is_usable_ = true;
  EXPECT_TRUE(call("CreateService", good).ok());
  EXPECT_EQ(call("CreateService", good).error().message, "Creation of service was not idempotent.");
}

TEST_F(EcsApiTest, RefusesARevisionWithoutTheLoadBalancersContainer) {
  run_service(1);
  base::Json other = definition();
  other["containerDefinitions"][0]["name"] = "web";
  ASSERT_TRUE(call("RegisterTaskDefinition", other).ok());
  EXPECT_EQ(
      call("UpdateService", {{"cluster", "production"}, {"service", "items"}, {"taskDefinition", "items:2"}})
          .error()
          .message,
      "The container items does not exist in the task definition.");
}

TEST_F(EcsApiTest, MakesNoDeploymentOfAnUpdateThatChangesNothing) {
  run_service(1);
  const std::string id = service()["deployments"][0]["id"];
  update("items:1");
  EXPECT_EQ(service()["deployments"][0]["id"], id);
  ASSERT_TRUE(
      call("UpdateService", {{"cluster", "production"}, {"service", "items"}, {"forceNewDeployment", true}})
          .ok());
  EXPECT_NE(service()["deployments"][0]["id"], id);
}

TEST_F(EcsApiTest, ChangesOnlyTheNamedPartOfADeploymentConfiguration) {
  run_service(1);
  ASSERT_TRUE(call("UpdateService", {{"cluster", "production"},
                                     {"service", "items"},
                                     {"deploymentConfiguration", {{"maximumPercent", 150}}}})
                  .ok());
  const base::Json configuration = service()["deploymentConfiguration"];
  EXPECT_EQ(configuration["maximumPercent"], 150);
  EXPECT_EQ(configuration["minimumHealthyPercent"], 100);
  EXPECT_EQ(configuration["deploymentCircuitBreaker"]["rollback"], true);
  EXPECT_EQ(code_of("UpdateService", {{"cluster", "production"},
                                      {"service", "items"},
                                      {"deploymentConfiguration", {{"maximumPercent", 100}}}}),
            "InvalidParameterException")
      << "together with what is kept it would block deployments";
}

TEST_F(EcsApiTest, RefusesToTouchAServiceOfCodeDeploy) {
  base::Json request = service_request(add_revision(Behaviour::good), 1);
  request["deploymentController"] = {{"type", "CODE_DEPLOY"}};
  ASSERT_TRUE(call("CreateService", request).ok());
  const auto answer = call(
      "UpdateService",
      {{"cluster", "production"}, {"service", "items"}, {"taskDefinition", add_revision(Behaviour::good)}});
  EXPECT_EQ(answer.error().code, "InvalidParameterException");
  EXPECT_NE(answer.error().message.find("CODE_DEPLOY deployment controller"), std::string::npos);
}

TEST_F(EcsApiTest, GivesTheNameOfADeletedServiceFreeAgain) {
  run_service(1);
  ASSERT_TRUE(call("DeleteService", {{"cluster", "production"}, {"service", "items"}, {"force", true}}).ok());
  EXPECT_EQ(code_of("CreateService", service_request("items:1", 1)), "InvalidParameterException")
      << "it still drains";
  settle();
  ASSERT_TRUE(call("CreateService", service_request("items:1", 1)).ok());
  EXPECT_EQ(state_.services.size(), 1U);
  settle();
  EXPECT_EQ(service()["runningCount"], 1);
}

TEST_F(EcsApiTest, RunsATaskOnceForOneClientToken) {
  const base::Json request = {{"cluster", "production"},
                              {"taskDefinition", add_revision(Behaviour::good)},
                              {"clientToken", "once"},
                              {"count", 2}};
  const auto first = call("RunTask", request);
  const auto again = call("RunTask", request);
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ((*first)["tasks"].size(), 2U);
  EXPECT_EQ((*first)["tasks"][0]["taskArn"], (*again)["tasks"][0]["taskArn"]);
  EXPECT_EQ(state_.tasks.size(), 2U);
  EXPECT_EQ(code_of("RunTask", with(request, "count", 11)), "InvalidParameterException");
}

TEST_F(EcsApiTest, ListsTasksByServiceFamilyAndStatus) {
  run_service(2);
  const auto count = [&](base::Json filter) {
    filter["cluster"] = "production";
    const auto answer = call("ListTasks", filter);
    return answer ? static_cast<int>((*answer)["taskArns"].size()) : -1;
  };
  EXPECT_EQ(count({{"serviceName", "items"}}), 2);
  EXPECT_EQ(count({{"family", "items"}}), 2);
  EXPECT_EQ(count({{"family", "ite"}}), 0);
  EXPECT_EQ(count({{"desiredStatus", "STOPPED"}}), 0);
  EXPECT_EQ(count({{"serviceName", "nobody"}}), -1);
  const auto page = call("ListTasks", {{"cluster", "production"}, {"maxResults", 1}});
  ASSERT_TRUE(page->contains("nextToken"));
  const auto rest = call("ListTasks", {{"cluster", "production"}, {"nextToken", (*page)["nextToken"]}});
  EXPECT_EQ((*rest)["taskArns"].size(), 1U);
  EXPECT_FALSE(rest->contains("nextToken"));
}

// Members of any type where another is expected: each answer is a success or an error with a code that the
// service's model has, and nothing ends the program.
TEST_F(EcsApiTest, SurvivesRequestsOfAnyShape) {
  run_service(1);
  const std::set<std::string> modelled = {
      "SerializationException",      "ClientException",          "InvalidParameterException",
      "ClusterNotFoundException",    "ServiceNotFoundException", "ServiceNotActiveException",
      "UnsupportedFeatureException", "ConflictException",        "ServiceDeploymentNotFoundException"};
  const std::vector<base::Json> values = {nullptr,
                                          true,
                                          -1,
                                          1e300,
                                          "",
                                          "items",
                                          "arn:aws:ecs:::x/y/z:1",
                                          {},
                                          {1, {2}},
                                          {{"a", 1}},
                                          {{"name", 7}},
                                          {""},
                                          {{{"containerPort", "x"}}},
                                          base::Json::array({nullptr}),
                                          std::string(5000, 'x')};
  const std::vector<std::string> keys = {"cluster",
                                         "clusters",
                                         "clusterName",
                                         "service",
                                         "services",
                                         "serviceName",
                                         "task",
                                         "tasks",
                                         "tags",
                                         "tagKeys",
                                         "include",
                                         "taskDefinition",
                                         "family",
                                         "desiredCount",
                                         "count",
                                         "overrides",
                                         "nextToken",
                                         "maxResults",
                                         "resourceArn",
                                         "loadBalancers",
                                         "status",
                                         "deploymentConfiguration",
                                         "serviceDeploymentArn",
                                         "serviceDeploymentArns",
                                         "serviceRevisionArns",
                                         "deploymentController",
                                         "containerDefinitions",
                                         "networkConfiguration"};
  int answers = 0;
  for (const auto& [operation, function] : ecs_.table({}).operations) {
    if (operation.starts_with("Create") || operation.starts_with("Delete")) continue;  // they would change it
    for (const base::Json& base_request :
         {base::Json::object(), base::Json{{"cluster", "production"}, {"service", "items"}}, definition()}) {
      for (const std::string& key : keys) {
        for (const base::Json& value : values) {
          base::Json request = base_request;
          request[key] = value;
          std::string code;
          try {
            const auto answer = call(operation, request);
            if (!answer) code = answer.error().code;
          } catch (const base::Json::exception& wrong_type) {
            ADD_FAILURE() << operation << " " << request.dump() << ": " << wrong_type.what();
          }
          EXPECT_TRUE(code.empty() || modelled.contains(code)) << operation << ": " << code;
          ++answers;
        }
      }
      scheduler_.step();
      (void)service();
    }
  }
  EXPECT_GT(answers, 10'000);
}

TEST_F(EcsApiTest, AnswersWithTheCodeOnTheWire) {
  const ServiceTable table = ecs_.table([] {});
  ApiCall request{.operation = "DescribeServices", .input = {{"cluster", "nowhere"}}};
  const ApiResult result = table.operations.at("DescribeServices")(request);
  const auto* failure = std::get_if<ApiFailure>(&result);
  ASSERT_NE(failure, nullptr);
  EXPECT_EQ(failure->code, "ClusterNotFoundException");
  EXPECT_EQ(failure->message, "Cluster not found.");
  EXPECT_EQ(failure->status, 400);
}

TEST_F(EcsApiTest, KeepsAllButTasksOverARestart) {
  run_service(1);
  ASSERT_TRUE(call("TagResource", {{"resourceArn", state_.arn("task-definition/items:1")},
                                   {"tags", {{{"key", "team"}, {"value", "items"}}}}})
                  .ok());
  ASSERT_TRUE(call("TagResource", {{"resourceArn", service()["serviceArn"]},
                                   {"tags", {{{"key", "stage"}, {"value", "production"}}}}})
                  .ok());
  const base::Json kept = kept_state(state_);
  EcsState after("eu-central-1", "123456789012");
  ASSERT_TRUE(load_kept_state(after, *base::parse_json(kept.dump())).ok());
  EXPECT_EQ(kept_state(after), kept);
  EcsService again(after, clock_, {});
  const auto tags =
      again.call("ListTagsForResource", {{"resourceArn", state_.arn("task-definition/items:1")}}, "");
  ASSERT_TRUE(tags.ok());
  EXPECT_EQ((*tags)["tags"][0]["value"], "items");
  EXPECT_FALSE(load_kept_state(after, base::Json::array()).ok());
}

TEST_F(EcsApiTest, SeedsWhatIsMissingAndNothingTwice) {
  const base::Json seed = {
      {"clusters", {"staging"}},
      {"services",
       {{{"name", "web"},
         {"cluster", "staging"},
         {"desired_count", 2},
         {"load_balancers", {{{"target_group", "web"}, {"container", "app"}, {"port", 80}}}},
         {"deployment_configuration", {{"circuit_breaker", {{"enable", true}, {"rollback", true}}}}}}}}};
  const auto find = [](const std::string& name) { return std::optional("arn:of:" + name); };
  ASSERT_TRUE(ecs_.apply_seed(seed, {find, find}).ok());
  ASSERT_TRUE(ecs_.apply_seed(seed, {find, find}).ok());
  const auto answer = call("DescribeServices", {{"cluster", "staging"}, {"services", {"web"}}});
  const base::Json web = (*answer)["services"][0];
  EXPECT_EQ(web["desiredCount"], 2);
  EXPECT_EQ(web["loadBalancers"][0]["targetGroupArn"], "arn:of:web");
  EXPECT_EQ(web["deploymentConfiguration"]["deploymentCircuitBreaker"]["rollback"], true);
  EXPECT_EQ(state_.services.size(), 1U);
  settle();
  EXPECT_TRUE(all_orders_.empty()) << "a service that was never deployed starts nothing";
}

TEST_F(EcsApiTest, SeedsAServiceWhoseTrafficIsShifted) {
  const base::Json seed = {
      {"clusters", {"staging"}},
      {"services",
       {{{"name", "web"},
         {"cluster", "staging"},
         {"load_balancers",
          {{{"target_group", "blue"},
            {"alternate_target_group", "green"},
            {"production_listener", "web:80"},
            {"test_listener", "web#2"},
            {"port", 80}}}},
         {"deploymentConfiguration", {{"strategy", "CANARY"}, {"bakeTimeInMinutes", 3}}}}}}};
  const auto find = [](const std::string& name) { return std::optional("arn:of:" + name); };
  const auto applied = ecs_.apply_seed(seed, {find, find});
  ASSERT_TRUE(applied.ok()) << applied.error().to_string();
  const auto answer = call("DescribeServices", {{"cluster", "staging"}, {"services", {"web"}}});
  const base::Json web = (*answer)["services"][0];
  const base::Json advanced = web["loadBalancers"][0]["advancedConfiguration"];
  EXPECT_EQ(advanced["alternateTargetGroupArn"], "arn:of:green");
  EXPECT_EQ(advanced["productionListenerRule"], "arn:of:web:80");
  EXPECT_EQ(advanced["testListenerRule"], "arn:of:web#2");
  EXPECT_EQ(web["deploymentConfiguration"]["strategy"], "CANARY");
}

TEST_F(EcsApiTest, SaysWhatIsWrongWithASeed) {
  const auto none = [](const std::string&) { return std::optional<std::string>(); };
  const auto fault = [&](const base::Json& seed) {
    const auto applied = ecs_.apply_seed(seed, {none, none});
    return applied ? "" : applied.error().message;
  };
  EXPECT_EQ(fault({{"services", {{{"name", "web"}, {"cluster", "nowhere"}}}}}),
            "seed: service web: cluster 'nowhere' is not among clusters");
  EXPECT_EQ(fault({{"services",
                    {{{"name", "web"},
                      {"cluster", "production"},
                      {"load_balancers", {{{"target_group", "missing"}, {"port", 80}}}}}}}}),
            "seed: service web: target_group 'missing' is not among target_groups");
  EXPECT_NE(fault({{"clusters", {7}}}), "");
  EXPECT_NE(fault({{"services", {7}}}), "");
  EXPECT_NE(fault({{"task_definitions", {"x"}}}), "");
}

}  // namespace
}  // namespace emulator
