#include "steps/container_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace steps {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ContainerOptions options_in(std::string_view text) {
  auto options = parse_container_options(text);
  EXPECT_TRUE(options.ok()) << (options ? "" : options.error().to_string());
  return std::move(options).value_or({});
}

std::string refusal_of_options(std::string_view text) {
  const auto options = parse_container_options(text);
  return options ? "accepted" : options.error().to_string();
}

TEST(ContainerOptions, AreThoseOfDockerCreate) {
  const auto options = options_in(
      "--user 1000:1000 -e A=1 --env=B='two words' -w /srv -m 512m --cpus 1.5 --pids-limit=50 "
      "--health-cmd \"pg_isready -U me\" --health-interval 10s --health-retries 5 --tmpfs /t:size=1m,exec "
      "--add-host db:10.0.0.7 --network-alias one --name two --ulimit nofile=64:64 --read-only --init");
  EXPECT_EQ(options.user, "1000:1000");
  EXPECT_EQ(options.environment.at("A"), "1");
  EXPECT_EQ(options.environment.at("B"), "two words");
  EXPECT_EQ(options.working_dir, "/srv");
  EXPECT_EQ(options.limits.memory_bytes, 512U << 20);
  EXPECT_EQ(options.limits.cpu_millis, 1500U);
  EXPECT_EQ(options.limits.processes, 50U);
  EXPECT_EQ(options.limits.open_files, 64U);
  EXPECT_THAT(options.health_command, testing::ElementsAre("CMD-SHELL", "pg_isready -U me"));
  EXPECT_EQ(options.health.interval_ns, 10'000'000'000);
  EXPECT_EQ(options.health.retries, 5);
  ASSERT_EQ(options.tmpfs.size(), 1U);
  EXPECT_EQ(options.tmpfs[0].tmpfs_bytes, 1U << 20);
  EXPECT_THAT(options.hosts, ElementsAre("10.0.0.7 db"));
  EXPECT_THAT(options.aliases, ElementsAre("one", "two"));
  EXPECT_TRUE(options.read_only);
}

TEST(ContainerOptions, AreRefusedByNameWhenTheyWouldHaveToBeIgnored) {
  for (const char* option :
       {"--privileged", "--network=host", "--gpus all", "--pid host", "-t", "--device /dev/kvm"})
    EXPECT_THAT(refusal_of_options(option), HasSubstr("is not supported")) << option;
  EXPECT_THAT(refusal_of_options("--cap-add SYS_ADMIN"), HasSubstr("SYS_ADMIN"));
  EXPECT_EQ(refusal_of_options("--cap-add=SYS_PTRACE"), "accepted");
  EXPECT_THAT(refusal_of_options("--user"), HasSubstr("needs a value"));
  EXPECT_THAT(refusal_of_options("image"), HasSubstr("expected an option"));
  EXPECT_THAT(refusal_of_options("-e NAME"), HasSubstr("NAME=VALUE"));
  EXPECT_THAT(refusal_of_options("--health-cmd 'open"), HasSubstr("not closed"));
}

TEST(PublishedPorts, HaveDockersForms) {
  using Ports = std::vector<PublishedPort>;
  EXPECT_EQ(parse_ports("5432").value(), (Ports{{0, 5432, false}}));
  EXPECT_EQ(parse_ports("0:5432").value(), (Ports{{0, 5432, false}}));
  EXPECT_EQ(parse_ports("8080:80/tcp").value(), (Ports{{8080, 80, false}}));
  EXPECT_EQ(parse_ports("127.0.0.1:53:5353/udp").value(), (Ports{{53, 5353, true}}));
  EXPECT_EQ(parse_ports("8080-8081:80-81").value(), (Ports{{8080, 80, false}, {8081, 81, false}}));
  for (const char* text :
       {"", "x", "0", "70000", "1:2:3:4", "80/sctp", "192.168.0.1:80:80", "80-82:80", "5-4"})
    EXPECT_FALSE(parse_ports(text).ok()) << text;
}

TEST(Volumes, AreNamesPathsOrTargetsAlone) {
  EXPECT_EQ(parse_volume("data:/var/lib:ro").value(), (VolumeMount{"data", "/var/lib", true}));
  EXPECT_EQ(parse_volume("/a:/b").value(), (VolumeMount{"/a", "/b", false}));
  EXPECT_EQ(parse_volume("/b").value(), (VolumeMount{"", "/b", false}));
  for (const char* text : {"", "name", "a:b", ":/b", "/a:/b:nocopy", "/a:/b:ro:x"})
    EXPECT_FALSE(parse_volume(text).ok()) << text;
}

}  // namespace
}  // namespace steps
