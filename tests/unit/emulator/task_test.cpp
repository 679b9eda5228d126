// Tasks of their own, from start to end.
#include "emulator/task.h"

#include "tests/unit/emulator/compute_fixture.h"

namespace emulator {
namespace {

class TaskTest : public ComputeFixture {
 protected:
  static base::Json with(base::Json request, const char* key, base::Json value) {
    request["containerDefinitions"][0][key] = std::move(value);
    return request;
  }
  void stop(const std::string& arn) {
    ecs("StopTask", {{"cluster", "production"}, {"task", arn}, {"reason", "enough"}});
  }
};

TEST_F(TaskTest, EndsOnSigtermWithItsOwnExitCode) {
  const std::string arn = run_task(definition({{"VERSION", "v1"}}));
  ASSERT_TRUE(reaches(arn, "RUNNING")) << task(arn).dump(1);
  EXPECT_TRUE(eventually([&] { return log().find("listening as v1") != std::string::npos; }));
  stop(arn);
  ASSERT_TRUE(reaches(arn, "STOPPED"));
  const base::Json ended = task(arn);
  EXPECT_EQ(ended["containers"][0]["exitCode"], 0);
  EXPECT_EQ(ended["stopCode"], "UserInitiated");
  EXPECT_EQ(ended["stoppedReason"], "enough");
  for (const char* time :
       {"createdAt", "pullStartedAt", "pullStoppedAt", "startedAt", "stoppingAt", "stoppedAt"})
    EXPECT_TRUE(ended.contains(time)) << time;
  EXPECT_EQ(log().substr(0, 10), "ecs/items/");
}

TEST_F(TaskTest, IsKilledAfterItsStopTimeout) {
  const std::string arn = run_task(with(definition({{"STUBBORN", "1"}}), "stopTimeout", 0.2));
  ASSERT_TRUE(reaches(arn, "RUNNING"));
  EXPECT_TRUE(eventually([&] { return log().find("listening") != std::string::npos; }));
  stop(arn);
  ASSERT_TRUE(reaches(arn, "STOPPED"));
  EXPECT_EQ(task(arn)["containers"][0]["exitCode"], 137);
}

TEST_F(TaskTest, EndsThoughAChildGoesOnWriting) {
  const std::string arn = run_task(definition({{"NOISE", "1"}}));
  ASSERT_TRUE(reaches(arn, "STOPPED"));
  EXPECT_EQ(task(arn)["containers"][0]["exitCode"], 0);
  EXPECT_EQ(task(arn)["stopCode"], "EssentialContainerExited");
}

TEST_F(TaskTest, TellsTheHealthThatTheContainersCheckFound) {
  const base::Json check = {{"command", {"CMD", "/server", "check"}}, {"interval", 0.1}, {"retries", 2}};
  const std::string well = run_task(with(definition({{"CHECK", "0"}}), "healthCheck", check));
  EXPECT_TRUE(eventually([&] { return task(well)["healthStatus"] == "HEALTHY"; }));
  const std::string sick = run_task(with(definition({{"CHECK", "1"}}), "healthCheck", check));
  EXPECT_TRUE(eventually([&] { return task(sick)["healthStatus"] == "UNHEALTHY"; }));
  EXPECT_EQ(task(sick)["lastStatus"], "RUNNING") << "only a service replaces a sick task";
}

TEST_F(TaskTest, SaysWhatKeptItFromStarting) {
  const auto reason_of = [&](const base::Json& request) {
    const std::string arn = run_task(request);
    EXPECT_TRUE(reaches(arn, "STOPPED"));
    EXPECT_EQ(task(arn)["stopCode"], "TaskFailedToStart");
    return task(arn)["stoppedReason"].get<std::string>();
  };
  const base::Json good = definition({{"VERSION", "v1"}});
  EXPECT_EQ(
      reason_of(with(good, "secrets", {{{"name", "A"}, {"valueFrom", "missing"}}})),
      "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
      "failed: unable to retrieve secret from asm: missing: ResourceNotFoundException");
  EXPECT_NE(reason_of(with(good, "logConfiguration",
                           {{"logDriver", "awslogs"},
                            {"options", {{"awslogs-group", "/ecs/other"}, {"awslogs-region", "r"}}}}))
                .find("failed to create Cloudwatch log stream: The specified log group does not exist."),
            std::string::npos);
  EXPECT_TRUE(
      reason_of(with(good, "image", "docker.io/library/nginx:1")).starts_with("CannotPullContainerError: "));
  EXPECT_TRUE(reason_of(with(good, "image", "::not-an-image::")).starts_with("CannotPullContainerError: "));
  const std::string no_user = reason_of(with(good, "user", "nobody-here"));
  EXPECT_TRUE(no_user.starts_with("CannotStartContainerError: ")) << no_user;
  const std::string no_program = reason_of(with(good, "entryPoint", {"/no/such/program"}));
  EXPECT_TRUE(no_program.starts_with("CannotStartContainerError: ")) << no_program;
  EXPECT_NE(no_program.find("/no/such/program"), std::string::npos) << no_program;
}

TEST_F(TaskTest, StopsWhatWasNotYetStarted) {
  std::vector<std::string> arns;
  for (int i = 0; i < 6; ++i) arns.push_back(run_task(definition({{"VERSION", "v1"}})));
  for (const std::string& arn : arns) stop(arn);
  for (const std::string& arn : arns) {
    EXPECT_TRUE(reaches(arn, "STOPPED"));
    EXPECT_EQ(task(arn)["stopCode"], "UserInitiated");
  }
}

}  // namespace
}  // namespace emulator
