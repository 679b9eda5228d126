#include "ecs/failure_digest.h"

#include "base/strings.h"
#include "ecs/failure_cause.h"
#include "tests/unit/ecs/ecs_fixture.h"

namespace ecs {
namespace {

using base::Json;
using testing::ElementsAre;
using testing::HasSubstr;

class FailureDigestTest : public EcsFixture {
 protected:
  FailureDigestTest() {
    service_.name = "items";
    will_answer("ListTasks", {{"taskArns", {"arn:task/production/a"}}});
    will_answer(
        "DescribeTaskDefinition",
        {{"taskDefinition",
          {{"containerDefinitions",
            {{{"name", "items"},
              {"logConfiguration",
               {{"logDriver", "awslogs"},
                {"options", {{"awslogs-group", "/ecs/items"}, {"awslogs-stream-prefix", "app"}}}}}}}}}}});
  }
  static Json task(const std::string& id, const std::string& reason, Json exit_code,
                   const std::string& started_by = "ecs-svc/2") {
    Json container = {{"name", "items"}};
    if (!exit_code.is_null()) container["exitCode"] = std::move(exit_code);
    return {{"taskArn", "arn:task/production/" + id},
            {"taskDefinitionArn", "arn:task-definition/items:2"},
            {"startedBy", started_by},
            {"stoppedReason", reason},
            {"containers", Json::array({container})}};
  }
  FailureDigest digest(double since = 0) {
    aws::Client client = make_client();
    return digest_failure(client, service_, {"production", "ecs-svc/2", since});
  }
  void give_log(std::initializer_list<const char*> lines) {
    Json events = Json::array();
    for (const char* line : lines) events.push_back({{"message", line}});
    will_answer("GetLogEvents", {{"events", std::move(events)}});
  }

  Service service_;
};

TEST_F(FailureDigestTest, GroupsTasksByWhatEndedThemAndShowsTheirLastLines) {
  will_answer("DescribeTasks", {{"tasks",
                                 {task("a", "Essential container in task exited", 3),
                                  task("b", "Essential container in task exited", 3),
                                  task("c", "Task failed ELB health checks in (target-group arn:tg)", 0)}}});
  give_log({"Traceback (most recent call last):", "ValueError: broken"});
  const auto found = digest();
  ASSERT_EQ(found.groups.size(), 2U);
  EXPECT_EQ(found.groups[0].tasks, 2);
  EXPECT_EQ(found.groups[0].cause, "Essential container in task exited; container items exited with code 3");
  ASSERT_EQ(found.groups[0].logs.size(), 1U);
  EXPECT_THAT(found.groups[0].logs[0].lines,
              ElementsAre("Traceback (most recent call last):", "ValueError: broken"));
  EXPECT_EQ(found.groups[1].cause, "Task failed ELB health checks in (target-group arn:tg)");
  const Json asked = sent("GetLogEvents").at(0);
  EXPECT_EQ(asked["logGroupName"], "/ecs/items");
  EXPECT_EQ(asked["logStreamName"], "app/items/a");
  const std::string text = base::join(to_lines(found), "\n");
  EXPECT_THAT(text,
              HasSubstr("2 tasks stopped: Essential container in task exited; container items exited with "
                        "code 3\n"));
  EXPECT_THAT(text, HasSubstr("  ValueError: broken"));
}

TEST_F(FailureDigestTest, LooksOnlyAtTasksOfThisDeploymentThatFailed) {
  will_answer("DescribeTasks", {{"tasks",
                                 {task("a", "Essential container in task exited", 1, "ecs-svc/1"),
                                  task("b", "Scaling activity initiated by (deployment ecs-svc/2)", 0)}}});
  EXPECT_TRUE(digest().groups.empty());
}

TEST_F(FailureDigestTest, TellsEachReportOfAFailedCheckOnce) {
  const auto report = [](const std::string& task) {
    return "(service items) (task " + task +
           ") (port 8000) is unhealthy in (target-group arn:tg) due to (reason "
           "Health checks failed with these codes: [500]).";
  };
  service_.events = {{"c", 12, report("t2")},
                     {"b", 11, report("t1")},
                     {"a", 5, "(service items) is unhealthy in x"},
                     {"d", 13, "(service items) has reached a steady state."}};
  const auto found = digest(10);
  EXPECT_THAT(
      found.health_reports,
      ElementsAre("(service items) (port 8000) is unhealthy in (target-group arn:tg) due to (reason Health "
                  "checks failed with these codes: [500])."));
}

TEST_F(FailureDigestTest, IsShorterWhenARoleMayNotAsk) {
  will_answer("DescribeTasks", {{"tasks", {task("a", "CannotPullContainerError: no such image", nullptr)}}});
  will_fail("GetLogEvents", 400, "AccessDeniedException");
  const auto found = digest();
  ASSERT_EQ(found.groups.size(), 1U);
  EXPECT_EQ(found.groups[0].cause, "CannotPullContainerError: no such image");
  EXPECT_TRUE(found.groups[0].logs.empty());
  EXPECT_THAT(found.hint, HasSubstr("cannot be pulled"));
}

TEST_F(FailureDigestTest, TheFirstCauseComesFirst) {
  Json late = task("a", "Task failed ELB health checks in (target-group arn:tg)", nullptr);
  late["stoppedAt"] = 200;
  Json early = task("b", "OutOfMemoryError: Container killed due to memory usage", 137);
  early["stoppedAt"] = 100;
  will_answer("DescribeTasks", {{"tasks", {late, late, early}}});
  const auto found = digest();
  EXPECT_THAT(found.first_cause(), HasSubstr("OutOfMemoryError"));
  EXPECT_THAT(found.hint, HasSubstr("raise memory"));
  EXPECT_EQ(found.groups[1].tasks, 2);
}

TEST_F(FailureDigestTest, SaysWhatTheTargetsSuffer) {
  service_.target_groups = {"arn:aws:elasticloadbalancing:r:1:targetgroup/items/0a"};
  will_answer("DescribeTasks", {{"tasks", Json::array()}});
  will_answer(
      "DescribeTargetHealth",
      base::HttpResponse{200,
                         {},
                         "<DescribeTargetHealthResponse><DescribeTargetHealthResult>"
                         "<TargetHealthDescriptions><member><Target><Id>10.0.0.1</Id><Port>80</Port>"
                         "</Target><TargetHealth><State>unhealthy</State><Reason>Target.Timeout</Reason>"
                         "<Description>Request timed out</Description></TargetHealth></member>"
                         "</TargetHealthDescriptions></DescribeTargetHealthResult>"
                         "</DescribeTargetHealthResponse>"});
  const auto found = digest();
  EXPECT_THAT(found.health_reports,
              ElementsAre("1 unhealthy target in items/0a: Target.Timeout: Request timed out"));
  EXPECT_THAT(found.hint, HasSubstr("0.0.0.0"));
}

TEST_F(FailureDigestTest, BecomesATableForTheSummary) {
  will_answer("DescribeTasks", {{"tasks", {task("a", "exited | badly", 1)}}});
  give_log({"</details> nice try"});
  const auto text = to_markdown(digest());
  EXPECT_THAT(text, HasSubstr("| 1 | exited \\| badly; container items exited with code 1 |"));
  EXPECT_THAT(text, HasSubstr("\n    </details> nice try\n"));
}

TEST(FailureHint, ComesFromTheReason) {
  const std::pair<const char*, const char*> hints[] = {
      {"CannotPullContainerError: pull access denied, 403 Forbidden", "execution role may not pull"},
      {"CannotPullContainerError: image Manifest does not contain descriptor matching platform", "processor"},
      {"CannotPullContainerError: dial tcp 1.2.3.4:443: i/o timeout", "no way to the registry"},
      {"ResourceInitializationError: unable to pull secrets or registry auth", "cannot read a secret"},
      {"Task failed container health checks", "healthCheck command"},
      {"container web exited with code 127", "command was not found"}};
  for (const auto& [cause, expected] : hints) EXPECT_THAT(hint_for(cause), HasSubstr(expected)) << cause;
  EXPECT_EQ(hint_for("something new"), "");
}

}  // namespace
}  // namespace ecs
