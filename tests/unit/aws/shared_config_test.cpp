#include "aws/shared_config.h"

#include <gmock/gmock.h>

namespace aws {
namespace {

constexpr const char* kConfig = R"(# mine
[default]
region = eu-central-1
services = local   # of the emulator

[profile work]
region=us-east-1
s3 =
  max_concurrent_requests = 20
role_arn = arn:aws:iam::1:role/R
[broken
region = nowhere
[services local]
ecs =
  endpoint_url = http://127.0.0.1:1
elastic_load_balancing_v2 =
  endpoint_url = http://127.0.0.1:2
[sso-session corp]
sso_region = us-west-2
)";

ReadFile files(std::map<std::string, std::string> known) {
  return [known = std::move(known)](const std::string& path) -> base::Result<std::string> {
    const auto found = known.find(path);
    if (found == known.end()) return base::make_error(base::ErrorKind::not_found, path);
    return found->second;
  };
}

TEST(SharedConfig, ReadsSectionsNestedSettingsAndComments) {
  SharedConfig config;
  add_config(config, kConfig, ConfigSyntax::config);
  EXPECT_EQ(config.setting("default", "services"), "local");
  EXPECT_EQ(config.setting("work", "region"), "us-east-1");
  EXPECT_EQ(config.setting("work", "s3.max_concurrent_requests"), "20");
  EXPECT_EQ(config.setting("work", "role_arn"), "arn:aws:iam::1:role/R");
  EXPECT_EQ(config.services.at("local").at("ecs.endpoint_url"), "http://127.0.0.1:1");
  EXPECT_EQ(config.sso_sessions.at("corp").at("sso_region"), "us-west-2");
  EXPECT_EQ(config.setting("none", "region"), "");
}

TEST(SharedConfig, TheCredentialsFileStandsAboveConfig) {
  const Environment environment = {{"HOME", "/home/me"}};
  const auto config = load_shared_config(
      environment, files({{"/home/me/.aws/config", "[profile p]\naws_access_key_id = CONFIG\nregion = r\n"},
                          {"/home/me/.aws/credentials", "[p]\naws_access_key_id = FILE\n"}}));
  ASSERT_TRUE(config);
  EXPECT_EQ(config->setting("p", "aws_access_key_id"), "FILE");
  EXPECT_EQ(config->setting("p", "region"), "r");
}

TEST(SharedConfig, FilesCanBeElsewhereAndMayBeMissing) {
  const Environment environment = {{"HOME", "/home/me"}, {"AWS_CONFIG_FILE", "~/other"}};
  const auto config = load_shared_config(environment, files({{"/home/me/other", "[default]\nregion = x\n"}}));
  ASSERT_TRUE(config);
  EXPECT_EQ(config->setting("default", "region"), "x");
}

TEST(SharedConfig, SettingsOfTheProfileFillInWhatTheEnvironmentLeavesOut) {
  SharedConfig config;
  add_config(config, kConfig, ConfigSyntax::config);
  auto environment = with_profile_settings({}, config);
  EXPECT_EQ(region_of(environment), "eu-central-1");
  EXPECT_EQ(environment["AWS_ENDPOINT_URL_ECS"], "http://127.0.0.1:1");
  EXPECT_EQ(environment["AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2"], "http://127.0.0.1:2");
  environment = with_profile_settings({{"AWS_DEFAULT_REGION", "cn-north-1"}}, config);
  EXPECT_EQ(region_of(environment), "cn-north-1");
  environment = with_profile_settings({{"AWS_ENDPOINT_URL", "http://127.0.0.1:9"}}, config);
  EXPECT_FALSE(environment.contains("AWS_ENDPOINT_URL_ECS")) << "a variable stands above the files";
}

}  // namespace
}  // namespace aws
