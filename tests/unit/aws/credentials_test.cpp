#include "aws/credentials.h"

#include <gmock/gmock.h>

#include "aws/endpoint.h"

namespace aws {
namespace {

using testing::HasSubstr;

TEST(Credentials, ComeFromTheEnvironment) {
  const auto found = credentials_from_environment(
      {{"AWS_ACCESS_KEY_ID", "AKIA1"}, {"AWS_SECRET_ACCESS_KEY", "secret"}, {"AWS_SESSION_TOKEN", "token"}});
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->access_key_id, "AKIA1");
  EXPECT_EQ((*found)->secret_access_key, "secret");
  EXPECT_EQ((*found)->session_token, "token");
}

TEST(Credentials, AreAbsentWithoutAKeyId) {
  const auto found =
      credentials_from_environment({{"AWS_ACCESS_KEY_ID", ""}, {"AWS_SECRET_ACCESS_KEY", "secret"}});
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->has_value());
}

TEST(Credentials, AKeyIdWithoutItsSecretIsAnError) {
  const auto found = credentials_from_environment({{"AWS_ACCESS_KEY_ID", "AKIA1"}});
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("AWS_SECRET_ACCESS_KEY"));
}

TEST(Credentials, ComeFromTheNamedProfileOfAFile) {
  const char* file =
      "# mine\n[default]\naws_access_key_id = D\naws_secret_access_key = d\n\n"
      "[ work ]\n; other\naws_access_key_id=W\naws_secret_access_key = w=x\naws_session_token = t\n";
  const auto work = credentials_from_profile(file, "work");
  ASSERT_TRUE(work);
  EXPECT_EQ(work->access_key_id, "W");
  EXPECT_EQ(work->secret_access_key, "w=x");
  EXPECT_EQ(work->session_token, "t");
  EXPECT_EQ(credentials_from_profile(file, "default")->access_key_id, "D");
}

TEST(Credentials, AMissingProfileIsNamed) {
  const auto found = credentials_from_profile("[default]\naws_access_key_id = D\n[broken", "default");
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("[default]"));
}

TEST(Region, PrefersAwsRegion) {
  EXPECT_EQ(region_of({{"AWS_REGION", "eu-central-1"}, {"AWS_DEFAULT_REGION", "us-east-1"}}), "eu-central-1");
  EXPECT_EQ(region_of({{"AWS_DEFAULT_REGION", "us-east-1"}}), "us-east-1");
  EXPECT_EQ(region_of({}), "");
}

TEST(Endpoint, IsAwssOwnForTheRegionAndItsPartition) {
  EXPECT_EQ(*endpoint_of(kEcr, "eu-central-1", {}), "https://api.ecr.eu-central-1.amazonaws.com");
  EXPECT_EQ(*endpoint_of(kEcs, "cn-north-1", {}), "https://ecs.cn-north-1.amazonaws.com.cn");
  EXPECT_EQ(*endpoint_of(kCloudWatchLogs, "us-gov-west-1", {}), "https://logs.us-gov-west-1.amazonaws.com");
  EXPECT_EQ(partition_of("us-gov-west-1"), "aws-us-gov");
  EXPECT_EQ(partition_of("cn-north-1"), "aws-cn");
  EXPECT_EQ(partition_of("eu-central-1"), "aws");
}

TEST(Endpoint, TheServicesOwnVariableGoesBeforeTheGeneralOne) {
  const Environment environment = {{"AWS_ENDPOINT_URL", "http://127.0.0.1:1/"},
                                   {"AWS_ENDPOINT_URL_STS", "http://127.0.0.1:2"}};
  EXPECT_EQ(*endpoint_of(kSts, "us-east-1", environment), "http://127.0.0.1:2");
  EXPECT_EQ(*endpoint_of(kEcs, "us-east-1", environment), "http://127.0.0.1:1");
}

TEST(Endpoint, ConfiguredOnesCanBeSwitchedOff) {
  const Environment environment = {{"AWS_ENDPOINT_URL", "http://127.0.0.1:1"},
                                   {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}};
  EXPECT_EQ(*endpoint_of(kEcs, "us-east-1", environment), "https://ecs.us-east-1.amazonaws.com");
}

TEST(Endpoint, ARegionThatCouldChangeTheHostIsRefused) {
  for (const char* region : {"", "eu central", "x.evil.example/", "US-EAST-1"}) {
    EXPECT_FALSE(endpoint_of(kEcs, region, {})) << region;
  }
  EXPECT_EQ(endpoint_of(kEcs, "a/b", {}).error().message, "Region is not valid: a/b");
}

TEST(Endpoint, AConfiguredOneMustBeAnHttpUrl) {
  const auto found = endpoint_of(kEcs, "us-east-1", {{"AWS_ENDPOINT_URL", "localhost:4566"}});
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("AWS_ENDPOINT_URL is 'localhost:4566'"));
}

}  // namespace
}  // namespace aws
