#include "ecs/ecs_client.h"

#include "tests/unit/ecs/ecs_fixture.h"

namespace ecs {
namespace {

using base::Json;
using testing::ElementsAre;

class EcsClientTest : public EcsFixture {
 protected:
  aws::Client client_ = make_client();
};

TEST_F(EcsClientTest, ReadsAServiceWithItsLimitsAndTargetGroups) {
  Json answer =
      services({deployment("ecs-svc/1", "PRIMARY", "COMPLETED"), deployment("ecs-svc/0", "ACTIVE", "")},
               {event("e", "hello")});
  answer["services"][0]["loadBalancers"] = {{{"targetGroupArn", "arn:tg"}}};
  answer["services"][0]["deploymentConfiguration"] = {
      {"maximumPercent", 150},
      {"minimumHealthyPercent", 50},
      {"deploymentCircuitBreaker", {{"enable", true}, {"rollback", true}}}};
  will_answer("DescribeServices", answer);
  const auto service = describe_service(client_, "c", "items");
  ASSERT_TRUE(service) << service.error().to_string();
  EXPECT_EQ(service->controller, "ECS");
  EXPECT_EQ(service->minimum_healthy_percent, 50);
  EXPECT_EQ(service->maximum_percent, 150);
  EXPECT_TRUE(service->circuit_breaker && service->rolls_back);
  EXPECT_THAT(service->target_groups, ElementsAre("arn:tg"));
  EXPECT_EQ(service->primary()->id, "ecs-svc/1");
  EXPECT_EQ(service->find("ecs-svc/0")->status, "ACTIVE");
  EXPECT_EQ(service->find("ecs-svc/7"), nullptr);
  EXPECT_EQ(service->events.at(0).message, "hello");
}

TEST_F(EcsClientTest, AMissingServiceIsNamedAsByTheAction) {
  will_answer("DescribeServices", {{"services", Json::array()},
                                   {"failures", {{{"arn", "arn:service/x"}, {"reason", "MISSING"}}}}});
  EXPECT_EQ(describe_service(client_, "c", "x").error().message, "arn:service/x is MISSING");
}

TEST_F(EcsClientTest, BearsWithAnswersOfAnotherShape) {
  will_answer("DescribeServices",
              {{"services", {{{"deployments", "x"}, {"events", 3}, {"loadBalancers", nullptr}}}}});
  const auto service = describe_service(client_, "c", "items");
  ASSERT_TRUE(service);
  EXPECT_EQ(service->primary(), nullptr);
}

TEST_F(EcsClientTest, ListsTasksWithTheirContainers) {
  will_answer("ListTasks", {{"taskArns", {"arn:task/c/abc"}}});
  will_answer("DescribeTasks",
              {{"tasks",
                {{{"taskArn", "arn:task/c/abc"},
                  {"startedBy", "ecs-svc/1"},
                  {"containers", {{{"name", "web"}, {"exitCode", 137}}, {{"name", "side"}}}}}}}});
  const auto tasks = list_tasks(client_, "c", "items", TaskStatus::stopped);
  ASSERT_TRUE(tasks && tasks->size() == 1);
  EXPECT_EQ(tasks->at(0).id, "abc");
  EXPECT_EQ(tasks->at(0).containers.at(0).exit_code, 137);
  EXPECT_FALSE(tasks->at(0).containers.at(1).exit_code);
  EXPECT_EQ(sent("ListTasks").at(0)["desiredStatus"], "STOPPED");
}

TEST_F(EcsClientTest, ListsTasksOfAllPages) {
  will_answer("ListTasks", {{"taskArns", {"arn:task/c/old"}}, {"nextToken", "more"}});
  will_answer("ListTasks", {{"taskArns", {"arn:task/c/new"}}});
  will_answer("DescribeTasks", {{"tasks", {{{"taskArn", "arn:task/c/old"}}}}});
  will_answer("DescribeTasks", {{"tasks", {{{"taskArn", "arn:task/c/new"}}}}});
  const auto tasks = list_tasks(client_, "c", "items", TaskStatus::stopped);
  ASSERT_TRUE(tasks && tasks->size() == 2);
  EXPECT_EQ(tasks->at(1).id, "new");
  EXPECT_EQ(sent("ListTasks").at(1)["nextToken"], "more");
}

TEST_F(EcsClientTest, AsksForNoTasksWhenThereAreNone) {
  will_answer("ListTasks", {{"taskArns", Json::array()}});
  const auto tasks = list_tasks(client_, "c", "items", TaskStatus::running);
  ASSERT_TRUE(tasks);
  EXPECT_TRUE(tasks->empty());
  EXPECT_TRUE(sent("DescribeTasks").empty());
}

TEST_F(EcsClientTest, GivesTheTagsOfATaskDefinitionWithIt) {
  will_answer("DescribeTaskDefinition",
              {{"taskDefinition", {{"family", "f"}}}, {"tags", {{{"key", "team"}, {"value", "a"}}}}});
  const auto definition = describe_task_definition(client_, "f:1");
  ASSERT_TRUE(definition);
  EXPECT_EQ(base::to_text(*definition), R"({"family":"f","tags":[{"key":"team","value":"a"}]})");
}

}  // namespace
}  // namespace ecs
