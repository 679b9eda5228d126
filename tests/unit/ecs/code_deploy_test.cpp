#include "ecs/code_deploy.h"

#include "ecs/app_spec.h"
#include "tests/unit/ecs/ecs_fixture.h"

namespace ecs {
namespace {

using base::Json;
using testing::HasSubstr;

class CodeDeployTest : public EcsFixture {
 protected:
  CodeDeployTest() {
    order_.cluster = "production";
    order_.service = "items";
    order_.app_spec = make_app_spec("web", 80);
  }
  void status(const Json& info) { will_answer("GetDeployment", {{"deploymentInfo", info}}); }
  FollowedEnd follow() { return wait_for(client_, follow_code_deploy(client_, order_, "d-1", {})); }

  aws::Client client_ = make_client();
  CodeDeployOrder order_;
};

TEST_F(CodeDeployTest, ARollbackIsFollowedToItsEnd) {
  status({{"status", "InProgress"}});
  status({{"status", "Failed"},
          {"errorInformation", {{"code", "HOOK_EXECUTION_FAILURE"}, {"message", "BeforeAllowTraffic"}}},
          {"rollbackInfo", {{"rollbackDeploymentId", "d-2"}}}});
  status({{"status", "InProgress"}});
  status({{"status", "Succeeded"}});
  const auto end = follow();
  EXPECT_EQ(end.end, RolloutEnd::rolled_back);
  EXPECT_EQ(end.sentence,
            "CodeDeploy deployment d-1 FAILED and was rolled back by d-2: HOOK_EXECUTION_FAILURE: "
            "BeforeAllowTraffic");
  EXPECT_EQ(sent("GetDeployment").back(), (Json{{"deploymentId", "d-2"}}));
}

TEST_F(CodeDeployTest, ARollbackThatFailsIsToldApart) {
  status({{"status", "Stopped"}, {"rollbackInfo", {{"rollbackDeploymentId", "d-2"}}}});
  status({{"status", "Failed"}});
  EXPECT_EQ(follow().end, RolloutEnd::rollback_failed);
}

TEST_F(CodeDeployTest, StoppedWithoutARollbackIsStopped) {
  status({{"status", "Stopped"}, {"errorInformation", {{"code", "MANUAL_STOP"}}}});
  const auto end = follow();
  EXPECT_EQ(end.end, RolloutEnd::stopped);
  EXPECT_THAT(end.sentence, HasSubstr("MANUAL_STOP"));
}

TEST_F(CodeDeployTest, WhatMayBeAskedNoMoreIsUnknown) {
  status({{"status", "InProgress"}});
  will_fail("GetDeployment", 403, "AccessDeniedException");
  const auto end = follow();
  EXPECT_EQ(end.end, RolloutEnd::unknown);
  EXPECT_EQ(end.json["status"], "UNKNOWN");
  EXPECT_EQ(end.sentence, "lost sight of CodeDeploy deployment d-1, which may go on");
}

TEST_F(CodeDeployTest, TheNamesThatTheConsoleCutsAreTriedToo) {
  order_.service = std::string(50, 's');
  will_fail("GetDeploymentGroup", 400, "ApplicationDoesNotExistException");
  will_answer(
      "GetDeploymentGroup",
      {{"deploymentGroupInfo",
        {{"blueGreenDeploymentConfiguration", {{"deploymentReadyOption", {{"waitTimeInMinutes", 5}}}}}}}});
  const auto group = find_code_deploy_group(client_, order_);
  ASSERT_TRUE(group) << group.error().to_string();
  EXPECT_EQ(group->application, "AppECS-production-" + std::string(47, 's'));
  EXPECT_EQ(group->ready_wait, std::chrono::minutes(5));
  EXPECT_EQ(group->termination_wait, std::chrono::minutes(0));
}

TEST_F(CodeDeployTest, TheWaitsOfTheGroupAreAddedUpToSixHours) {
  will_answer(
      "GetDeploymentGroup",
      {{"deploymentGroupInfo",
        {{"blueGreenDeploymentConfiguration",
          {{"terminateBlueInstancesOnDeploymentSuccess", {{"terminationWaitTimeInMinutes", 2880}}}}}}}});
  will_answer("CreateDeployment", {{"deploymentId", "d-9"}});
  order_.description = std::string(600, 'x');
  const auto followed = start_code_deploy(client_, order_, {});
  ASSERT_TRUE(followed);
  EXPECT_EQ(followed->patience, std::chrono::minutes(360));
  const std::string description = sent("CreateDeployment").at(0)["description"];
  EXPECT_EQ(description, std::string(511, 'x') + "…");
}

TEST_F(CodeDeployTest, AnEarlierRevisionIsOneThatSucceededAndDiffers) {
  will_answer("ListDeployments", {{"deployments", {"d-3", "d-2", "d-1"}}});
  const auto with = [](const char* content) {
    return Json{{"deploymentInfo", {{"revision", {{"appSpecContent", {{"content", content}}}}}}}};
  };
  will_answer("GetDeployment", with(R"({"v":2})"));
  will_answer("GetDeployment", with(R"({"v":2})"));
  will_answer("GetDeployment", with(R"({"v":1})"));
  const auto spec = last_good_app_spec(client_, {"a", "g"});
  ASSERT_TRUE(spec) << spec.error().to_string();
  EXPECT_EQ(*spec, (Json{{"v", 1}}));
}

}  // namespace
}  // namespace ecs
