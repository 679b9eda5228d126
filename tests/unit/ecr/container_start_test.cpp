#include "ecr/container_start.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ecr/health_probe.h"

namespace ecr {
namespace {

using Words = std::vector<std::string>;

ImageConfig image() {
  ImageConfig config;
  config.env = {"A=image", "PATH=/opt"};
  config.entrypoint = Words{"/entry"};
  config.cmd = Words{"default"};
  config.user = "app";
  config.working_dir = "/srv";
  config.stop_signal = "SIGQUIT";
  return config;
}

TEST(ContainerStart, IsTheImagesOwnWhereNothingIsSaid) {
  const auto start = container_start(image(), {});
  EXPECT_EQ(start.argv, (Words{"/entry", "default"}));
  EXPECT_EQ(start.environment.at("PATH"), "/opt");
  EXPECT_EQ(start.user, "app");
  EXPECT_EQ(start.directory, "/srv");
  EXPECT_EQ(start.stop_signal, 3);
}

TEST(ContainerStart, AnEntrypointTakesTheImagesCommandAway) {
  EXPECT_EQ(container_start(image(), {.entrypoint = Words{"sh"}}).argv, Words{"sh"});
  EXPECT_EQ(container_start(image(), {.command = Words{"x"}}).argv, (Words{"/entry", "x"}));
  EXPECT_EQ(container_start({}, {}).argv, Words{});
  EXPECT_EQ(container_start(image(), {.environment = {{"A", "mine"}}}).environment.at("A"), "mine");
}

TEST(CommandLine, IsSplitAsAShellSplits) {
  EXPECT_EQ(split_command_line(R"(a 'b c' "d \"e\"" f\ g '')").value(),
            (Words{"a", "b c", "d \"e\"", "f g", ""}));
  EXPECT_EQ(split_command_line(" \t\n").value(), Words{});
  EXPECT_FALSE(split_command_line("a 'b").ok());
}

TEST(HealthCommand, HasDockersForms) {
  EXPECT_EQ(health_command({.test = {"CMD", "a", "b"}}, {}), (Words{"a", "b"}));
  EXPECT_EQ(health_command({.test = {"CMD-SHELL", "a b"}}, {}), (Words{"/bin/sh", "-c", "a b"}));
  EXPECT_FALSE(health_command({.test = {"NONE"}}, {}).has_value());
  EXPECT_EQ(health_times({}).interval, std::chrono::seconds(30));
  EXPECT_EQ(health_times({.interval_ns = 1}).interval, std::chrono::milliseconds(50));
}

}  // namespace
}  // namespace ecr
