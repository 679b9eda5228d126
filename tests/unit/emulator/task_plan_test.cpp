#include "emulator/task_plan.h"

#include <gtest/gtest.h>

namespace emulator {
namespace {

TaskOrder order_with(base::Json container, base::Json overrides = base::Json::object()) {
  container["name"] = "app";
  container["image"] = "127.0.0.1:5000/items:1";
  TaskOrder order;
  order.task_id = "0123abcd";
  order.task_definition = {{"memory", "512"}, {"cpu", "256"}, {"containerDefinitions", {container}}};
  order.overrides = std::move(overrides);
  return order;
}

ecr::ImageConfig image() {
  ecr::ImageConfig config;
  config.env = {"PATH=/app/bin", "MODE=image", "ONLY=image"};
  config.entrypoint = {"/entry"};
  config.cmd = {"serve", "--fast"};
  config.user = "app";
  config.working_dir = "/srv";
  config.stop_signal = "SIGINT";
  return config;
}

ContainerPlan planned(const TaskOrder& order) {
  auto plan = plan_task(order, "eu-central-1", false);
  EXPECT_TRUE(plan.ok());
  ContainerPlan container = std::move(plan->containers.at(0));
  apply_image(container, image(), order.task_definition["containerDefinitions"][0], order.overrides);
  return container;
}

using Words = std::vector<std::string>;

TEST(TaskPlan, TakesFromTheImageWhatTheDefinitionDoesNotSay) {
  const ContainerPlan plan = planned(order_with(base::Json::object()));
  EXPECT_EQ(plan.command.argv, (Words{"/entry", "serve", "--fast"}));
  EXPECT_EQ(plan.command.directory, "/srv");
  EXPECT_EQ(plan.user, "app");
  EXPECT_EQ(plan.stop_signal, 2);
  EXPECT_EQ(plan.command.environment.at("PATH"), "/app/bin");
  EXPECT_EQ(plan.command.environment.at("AWS_REGION"), "eu-central-1");
  EXPECT_EQ(plan.stop_timeout, std::chrono::seconds(30));
}

TEST(TaskPlan, LetsTheDefinitionWinOverTheImageAndOverridesOverBoth) {
  const base::Json container = {
      {"command", {"work"}},
      {"user", "1000:1000"},
      {"workingDirectory", "/data"},
      {"environment", {{{"name", "MODE"}, {"value", "definition"}}, {{"name", "KIND"}, {"value", "x"}}}}};
  const base::Json overrides = {{"containerOverrides",
                                 {{{"name", "app"},
                                   {"command", {"migrate"}},
                                   {"environment", {{{"name", "KIND"}, {"value", "override"}}}}}}}};
  const ContainerPlan plan = planned(order_with(container, overrides));
  EXPECT_EQ(plan.command.argv, (Words{"/entry", "migrate"}));
  EXPECT_EQ(plan.command.environment.at("MODE"), "definition");
  EXPECT_EQ(plan.command.environment.at("KIND"), "override");
  EXPECT_EQ(plan.command.environment.at("ONLY"), "image");
  EXPECT_EQ(plan.user, "1000:1000");
  EXPECT_EQ(plan.command.directory, "/data");
}

TEST(TaskPlan, ForgetsTheImagesCommandWhenTheEntrypointIsReplaced) {
  EXPECT_EQ(planned(order_with({{"entryPoint", {"sh", "-c"}}})).command.argv, (Words{"sh", "-c"}));
}

TEST(TaskPlan, NamesTheLogStreamByPrefixContainerAndTask) {
  const ContainerPlan plan = planned(
      order_with({{"logConfiguration",
                   {{"logDriver", "awslogs"},
                    {"options", {{"awslogs-group", "/ecs/items"}, {"awslogs-stream-prefix", "web"}}}}}}));
  ASSERT_TRUE(plan.log.has_value());
  EXPECT_EQ(plan.log->group, "/ecs/items");
  EXPECT_EQ(plan.log->stream, "web/app/0123abcd");
  EXPECT_FALSE(plan.log->create_group);
}

TEST(TaskPlan, ReadsHealthChecksInBothForms) {
  const auto shell =
      planned(order_with({{"healthCheck", {{"command", {"CMD-SHELL", "curl -f x || exit 1"}}}}}));
  EXPECT_EQ(shell.check->argv, (Words{"/bin/sh", "-c", "curl -f x || exit 1"}));
  EXPECT_EQ(shell.check->times.interval, std::chrono::seconds(30));
  const auto plain =
      planned(order_with({{"healthCheck", {{"command", {"CMD", "/check", "now"}}, {"retries", 5}}}}));
  EXPECT_EQ(plain.check->argv, (Words{"/check", "now"}));
  EXPECT_EQ(plain.check->times.retries, 5);
  EXPECT_FALSE(planned(order_with({{"healthCheck", {{"command", {"NONE"}}}}})).check.has_value());
}

TEST(TaskPlan, NeverMakesABusyLoopOrAnEndlessWait) {
  const auto none =
      planned(order_with({{"healthCheck", {{"command", {"CMD", "x"}}, {"interval", 0}, {"timeout", -5}}},
                          {"stopTimeout", 1e300}}));
  EXPECT_GT(none.check->times.interval.count(), 0);
  EXPECT_GT(none.check->times.timeout.count(), 0);
  EXPECT_LE(none.stop_timeout, std::chrono::hours(1));
}

TEST(TaskPlan, ReadsMemoryAndCpuInAllTheirSpellings) {
  const auto memory_of = [](const base::Json& memory) {
    TaskOrder order = order_with(base::Json::object());
    order.task_definition["memory"] = memory;
    return plan_task(order, "eu-central-1", false)->limits.memory_bytes >> 20;
  };
  EXPECT_EQ(memory_of(512), 512U);
  EXPECT_EQ(memory_of("512"), 512U);
  EXPECT_EQ(memory_of("1 GB"), 1024U);
  EXPECT_EQ(memory_of("-5"), 0U);
  EXPECT_LE(memory_of(1e300), 16U << 20);
  TaskOrder order = order_with(base::Json::object());
  order.task_definition["cpu"] = "0.5 vCPU";
  EXPECT_EQ(plan_task(order, "eu-central-1", true)->limits.cpu_millis, 500U);
  EXPECT_EQ(plan_task(order, "eu-central-1", false)->limits.cpu_millis, 0U);
}

TEST(TaskPlan, GivesEachContainerItsShareOfTheMemory) {
  TaskOrder order = order_with({{"memory", 128}, {"memoryReservation", 64}});
  order.task_definition["memory"] = "512";
  order.task_definition["containerDefinitions"].push_back({{"name", "beside"}, {"image", "x"}});
  const auto whole = plan_task(order, "eu-central-1", false);
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(whole->limits.memory_bytes, 512U << 20);
  EXPECT_EQ(whole->containers[0].memory,
            (sandbox::MemoryShare{.limit_bytes = 128U << 20, .reserved_bytes = 64U << 20}));
  EXPECT_EQ(whole->containers[1].memory, sandbox::MemoryShare());
  order.task_definition.erase("memory");
  EXPECT_EQ(plan_task(order, "eu-central-1", false)->limits.memory_bytes, 0U) << "beside has no limit";
  order.task_definition["containerDefinitions"].erase(1);
  EXPECT_EQ(plan_task(order, "eu-central-1", false)->limits.memory_bytes, 128U << 20);
  order.overrides = {{"containerOverrides", {{{"name", "app"}, {"memory", 256}}}}};
  EXPECT_EQ(plan_task(order, "eu-central-1", false)->containers[0].memory.limit_bytes, 256U << 20);
}

TEST(TaskPlan, KnowsWhereAContainerHasWhichVolume) {
  TaskOrder order =
      order_with({{"mountPoints",
                   {{{"sourceVolume", "data"}, {"containerPath", "/data"}},
                    {{"sourceVolume", "kept"}, {"containerPath", "/kept"}, {"readOnly", true}}}}});
  order.task_definition["volumes"] = {
      {{"name", "data"}},
      {{"name", "kept"},
       {"efsVolumeConfiguration", {{"fileSystemId", "fs-0123"}, {"rootDirectory", "//items/./new/"}}}}};
  order.task_definition["containerDefinitions"].push_back(
      {{"name", "heir"}, {"volumesFrom", {{{"sourceContainer", "app"}, {"readOnly", true}}}}});
  const auto plan = plan_task(order, "eu-central-1", false);
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  ASSERT_EQ(plan->volumes.size(), 2U);
  EXPECT_EQ(plan->volumes[0].file_system, "");
  EXPECT_EQ(plan->volumes[1].file_system, "fs-0123");
  EXPECT_EQ(plan->volumes[1].root, "items/new");
  const auto& places = plan->containers[0].volumes;
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(places[0].access, sandbox::Access::read_write);
  EXPECT_EQ(places[1].access, sandbox::Access::read_only);
  ASSERT_EQ(plan->containers[1].volumes.size(), 2U);
  EXPECT_EQ(plan->containers[1].volumes[0].path, "/data");
  EXPECT_EQ(plan->containers[1].volumes[0].access, sandbox::Access::read_only);
}

TEST(TaskPlan, RefusesVolumesThatLeadAstray) {
  const auto refusal = [](const char* path, base::Json volume) {
    TaskOrder order = order_with({{"mountPoints", {{{"sourceVolume", "v"}, {"containerPath", path}}}}});
    volume["name"] = "v";
    order.task_definition["volumes"] = {volume};
    const auto plan = plan_task(order, "eu-central-1", false);
    return plan ? "" : plan.error().message;
  };
  const auto efs = [](const char* id, const char* root) {
    return base::Json{{"efsVolumeConfiguration", {{"fileSystemId", id}, {"rootDirectory", root}}}};
  };
  EXPECT_EQ(refusal("/v", efs("fs-1", "/")), "");
  EXPECT_NE(refusal("/v", efs("../fs-1", "/")), "");
  EXPECT_NE(refusal("/v", efs("fs-1/..", "/")), "");
  EXPECT_NE(refusal("/v", efs("fs-1", "/a/../../b")), "");
  EXPECT_NE(refusal("v", efs("fs-1", "/")), "");
  EXPECT_NE(refusal("/v/../etc", efs("fs-1", "/")), "");
  EXPECT_NE(refusal("/v", {{"host", {{"sourcePath", "/etc"}}}}), "");
  EXPECT_NE(refusal("/v", {{"dockerVolumeConfiguration", {{"scope", "shared"}}}}), "");
}

TEST(TaskPlan, SaysWhatItCannotDo) {
  const auto plan =
      plan_task(order_with({{"dependsOn", {{{"containerName", "db"}, {"condition", "HEALTHY"}}}}}),
                "eu-central-1", false);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(
      plan.error().message,
      "UnsupportedFeature: container app can never start: what it depends on is not there, or waits for "
      "it");
}

TEST(TaskImage, KnowsItsOwnRegistry) {
  EXPECT_TRUE(is_own_registry("123456789012.dkr.ecr.eu-central-1.amazonaws.com"));
  EXPECT_TRUE(is_own_registry("127.0.0.1:4566"));
  EXPECT_TRUE(is_own_registry("localhost:4566"));
  EXPECT_FALSE(is_own_registry("docker.io"));
  EXPECT_FALSE(is_own_registry("ghcr.io"));
}

}  // namespace
}  // namespace emulator
