#include "ecs/deployment_plan.h"

#include <gmock/gmock.h>

#include "base/json.h"

namespace ecs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DeploymentPlanTest : public testing::Test {
 protected:
  DeploymentPlanTest() {
    service_.desired = 2;
    service_.deployments.push_back(
        {.id = "ecs-svc/1", .status = "PRIMARY", .task_definition_arn = "arn:x/items:1"});
    request_ = {.cluster = "production", .service = "items", .task_definition_arn = "arn:x/items:2"};
  }
  DeploymentPlan plan() { return make_deployment_plan(service_, request_); }

  Service service_;
  DeploymentRequest request_;
};

TEST_F(DeploymentPlanTest, WorksOutHowManyTasksRunAtOnce) {
  service_.circuit_breaker = service_.rolls_back = true;
  EXPECT_EQ(to_string(plan()),
            "items:2 replaces items:1 in service items: 2 tasks, at least 2 healthy and at most 4 at once; a "
            "failure "
            "is rolled back by the circuit breaker");
  EXPECT_THAT(concerns_of(plan()), IsEmpty());
  service_.minimum_healthy_percent = 75;
  service_.maximum_percent = 175;
  EXPECT_EQ(plan().least_healthy, 2) << "rounded up";
  EXPECT_EQ(plan().most_running, 3) << "rounded down";
}

TEST_F(DeploymentPlanTest, AsksForNothingThatWasNotWanted) {
  EXPECT_EQ(
      base::to_text(update_request(plan())),
      R"({"service":"items","cluster":"production","taskDefinition":"arn:x/items:2","forceNewDeployment":false})");
}

TEST_F(DeploymentPlanTest, AsksForWhatWasWanted) {
  request_.desired_count = 0;
  request_.new_deployment = NewDeployment::forced;
  request_.enable_managed_tags = false;
  request_.propagate_tags = "SERVICE";
  EXPECT_EQ(
      base::to_text(update_request(plan())),
      R"({"service":"items","cluster":"production","taskDefinition":"arn:x/items:2","forceNewDeployment":true,)"
      R"("desiredCount":0,"enableECSManagedTags":false,"propagateTags":"SERVICE"})");
  EXPECT_THAT(concerns_of(plan()), ElementsAre(HasSubstr("desired count of 0")));
}

TEST_F(DeploymentPlanTest, SeesThatADeploymentCanNeverEnd) {
  service_.desired = 1;
  service_.maximum_percent = 150;
  EXPECT_THAT(concerns_of(plan()),
              ElementsAre(HasSubstr("this deployment can never end: at most 1 tasks may run")));
  service_.maximum_percent = 200;
  EXPECT_THAT(concerns_of(plan()), IsEmpty());
}

TEST_F(DeploymentPlanTest, SeesThatRequestsMayFail) {
  service_.minimum_healthy_percent = 0;
  EXPECT_THAT(concerns_of(plan()), ElementsAre(HasSubstr("requests may fail")));
}

TEST_F(DeploymentPlanTest, SeesThatNothingChanges) {
  request_.task_definition_arn = "arn:x/items:1";
  EXPECT_FALSE(plan().starts_tasks);
  EXPECT_THAT(concerns_of(plan()), ElementsAre(HasSubstr("no new deployment will start")));
  request_.new_deployment = NewDeployment::forced;
  EXPECT_TRUE(plan().starts_tasks);
}

}  // namespace
}  // namespace ecs
