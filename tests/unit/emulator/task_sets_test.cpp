// Services whose deployments an external controller carries out.
#include "tests/unit/emulator/ecs_fixture.h"

namespace emulator {
namespace {

class TaskSetsTest : public EcsFixture {
 protected:
  TaskSetsTest() {
    base::Json request = service_request("", 3);
    for (const char* key : {"taskDefinition", "loadBalancers", "deploymentConfiguration"}) request.erase(key);
    request["deploymentController"] = {{"type", "EXTERNAL"}};
    EXPECT_TRUE(call("CreateService", request).ok());
  }
  base::Json ask(const std::string& operation, base::Json request) {
    request["cluster"] = "production";
    request["service"] = "items";
    const auto answer = call(operation, request);
    EXPECT_TRUE(answer.ok()) << operation << answer.error().to_string();
    return answer ? *answer : base::Json();
  }
  std::string refused(const std::string& operation, base::Json request) {
    request["cluster"] = "production";
    request["service"] = "items";
    return code_of(operation, request);
  }
  std::string make(double percent) {
    return ask("CreateTaskSet", {{"taskDefinition", add_revision(Behaviour::good)},
                                 {"externalId", "controller-1"},
                                 {"scale", {{"value", percent}, {"unit", "PERCENT"}}},
                                 {"loadBalancers",
                                  {{{"targetGroupArn", kGroup},
                                    {"containerName", "items"},
                                    {"containerPort", 8000}}}}})["taskSet"]["id"];
  }
  base::Json described(const std::string& id) {
    return ask("DescribeTaskSets", {{"taskSets", {id}}})["taskSets"][0];
  }
};

TEST_F(TaskSetsTest, KeepsEachSetAtItsShareRoundedUp) {
  const std::string id = make(50);
  EXPECT_EQ(described(id)["stabilityStatus"], "STABILIZING");
  settle();
  EXPECT_EQ(described(id)["computedDesiredCount"], 2) << "half of three";
  EXPECT_EQ(described(id)["runningCount"], 2);
  EXPECT_EQ(described(id)["stabilityStatus"], "STEADY_STATE");
  EXPECT_EQ(described(id)["externalId"], "controller-1");
  EXPECT_TRUE(has_event("(service items, taskSet " + id + ") has started 2 tasks: (task "));
  EXPECT_TRUE(has_event("(service items, taskSet " + id + ") has reached a steady state."));
  ask("UpdateTaskSet", {{"taskSet", id}, {"scale", {{"value", 100}, {"unit", "PERCENT"}}}});
  settle();
  EXPECT_EQ(running().size(), 3U);
  ask("UpdateService", {{"desiredCount", 1}});
  settle();
  EXPECT_EQ(running().size(), 1U);
  EXPECT_TRUE(service()["deployments"].empty());
}

TEST_F(TaskSetsTest, HasOnePrimaryAndDrainsWhatIsDeleted) {
  const std::string blue = make(100);
  const std::string green = make(100);
  ask("UpdateServicePrimaryTaskSet", {{"primaryTaskSet", blue}});
  ask("UpdateServicePrimaryTaskSet", {{"primaryTaskSet", green}});
  settle();
  EXPECT_EQ(described(blue)["status"], "ACTIVE");
  EXPECT_EQ(described(green)["status"], "PRIMARY");
  EXPECT_EQ(last_part(service()["taskDefinition"].get<std::string>()), "items:2");
  EXPECT_EQ(refused("DeleteTaskSet", {{"taskSet", blue}}), "InvalidParameterException")
      << "it is scaled above 0";
  drains_at_once_ = false;
  ask("DeleteTaskSet", {{"taskSet", blue}, {"force", true}});
  settle();
  EXPECT_EQ(described(blue)["status"], "DRAINING");
  EXPECT_TRUE(has_event("(service items, taskSet " + blue + ") has begun draining connections on 3 tasks."));
  drains_at_once_ = true;
  settle();
  EXPECT_EQ(ask("DescribeTaskSets", {{"taskSets", {blue}}})["failures"][0]["reason"], "MISSING");
  EXPECT_EQ(running().size(), 3U);
}

TEST_F(TaskSetsTest, RefusesWhatIsNotOfATaskSet) {
  EXPECT_EQ(refused("UpdateService", {{"taskDefinition", "items"}}), "InvalidParameterException");
  EXPECT_EQ(refused("UpdateTaskSet", {{"taskSet", "x"}, {"scale", {{"value", 1}}}}),
            "TaskSetNotFoundException");
  EXPECT_EQ(refused("CreateTaskSet", {{"taskDefinition", "nothing"}}), "ClientException");
  const std::string id = make(0);
  EXPECT_EQ(refused("UpdateTaskSet", {{"taskSet", id}, {"scale", {{"value", 101}}}}),
            "InvalidParameterException");
  for (int i = 0; i < 4; ++i) make(0);
  EXPECT_EQ(refused("CreateTaskSet", {{"taskDefinition", "items"}}), "LimitExceededException");
}

TEST_F(TaskSetsTest, ComesBackAfterARestart) {
  const std::string id = make(100);
  settle();
  const base::Json kept = kept_state(state_);
  state_.services.clear();
  state_.tasks.clear();
  state_.clusters.clear();
  state_.families.clear();
  targets_.clear();
  ASSERT_TRUE(load_kept_state(state_, *base::parse_json(kept.dump())).ok());
  settle();
  EXPECT_EQ(described(id)["runningCount"], 3);
}

}  // namespace
}  // namespace emulator
