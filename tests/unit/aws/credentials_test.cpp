#include "aws/credentials.h"

#include <gmock/gmock.h>

#include "aws/endpoint.h"
#include "tests/fakes/fake_clock.h"

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

class RenewedCredentials : public testing::Test {
 protected:
  Credentials keys(const std::string& id, std::chrono::minutes left) {
    return {id, "secret", "token", clock_.now() + left};
  }
  std::string current(CredentialSource& source) {
    const auto found = source.current(clock_);
    return found ? found->access_key_id : found.error().to_string();
  }
  fakes::FakeClock clock_;
  int renewals_ = 0;
};

TEST_F(RenewedCredentials, ComeBeforeTheOldOnesExpire) {
  CredentialSource source(keys("OLD", std::chrono::minutes(60)), [this]() -> base::Result<Credentials> {
    ++renewals_;
    return keys("NEW", std::chrono::minutes(60));
  });
  EXPECT_EQ(current(source), "OLD");
  clock_.advance(std::chrono::minutes(54));
  EXPECT_EQ(current(source), "OLD");
  clock_.advance(std::chrono::minutes(2));
  CredentialSource copy = source;
  EXPECT_EQ(current(copy), "NEW");
  EXPECT_EQ(current(source), "NEW") << "copies share what they hold";
  EXPECT_EQ(renewals_, 1);
}

TEST_F(RenewedCredentials, AFailureCountsOnlyOnceTheOldOnesHaveExpired) {
  CredentialSource source(keys("OLD", std::chrono::minutes(4)), [this]() -> base::Result<Credentials> {
    ++renewals_;
    return base::make_error(base::ErrorKind::unavailable, "identity provider down");
  });
  EXPECT_EQ(current(source), "OLD");
  EXPECT_EQ(current(source), "OLD");
  EXPECT_EQ(renewals_, 1) << "not with every call";
  clock_.advance(std::chrono::minutes(5));
  EXPECT_THAT(current(source), HasSubstr("identity provider down"));
}

TEST_F(RenewedCredentials, FixedOnesStay) {
  CredentialSource source(keys("FIXED", std::chrono::minutes(-5)));
  EXPECT_EQ(current(source), "FIXED");
  EXPECT_FALSE(source.renew_now());
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

TEST(Endpoint, OfFipsAndDualStackIsThatOfAwssRules) {
  const Environment fips = {{"AWS_USE_FIPS_ENDPOINT", "true"}};
  const Environment dual = {{"AWS_USE_DUALSTACK_ENDPOINT", "true"}};
  const Environment both = {{"AWS_USE_FIPS_ENDPOINT", "true"}, {"AWS_USE_DUALSTACK_ENDPOINT", "true"}};
  EXPECT_EQ(*endpoint_of(kEcr, "us-east-1", fips), "https://api.ecr-fips.us-east-1.amazonaws.com");
  EXPECT_EQ(*endpoint_of(kEcr, "us-east-1", dual), "https://ecr.us-east-1.api.aws");
  EXPECT_EQ(*endpoint_of(kEcr, "us-east-1", both), "https://ecr-fips.us-east-1.api.aws");
  EXPECT_EQ(*endpoint_of(kSts, "us-gov-west-1", fips), "https://sts.us-gov-west-1.amazonaws.com");
  EXPECT_EQ(*endpoint_of(kSts, "us-gov-west-1", both), "https://sts-fips.us-gov-west-1.api.aws");
  EXPECT_EQ(*endpoint_of(kEcs, "us-gov-west-1", fips), "https://ecs-fips.us-gov-west-1.amazonaws.com");
  EXPECT_EQ(*endpoint_of(kEcs, "cn-north-1", dual), "https://ecs.cn-north-1.api.amazonwebservices.com.cn");
  EXPECT_EQ(*endpoint_of(kSecretsManager, "us-east-1", both),
            "https://secretsmanager-fips.us-east-1.amazonaws.com");
}

TEST(Endpoint, OfIamIsOneForThePartition) {
  EXPECT_EQ(*endpoint_of(kIam, "eu-central-1", {}), "https://iam.amazonaws.com");
  EXPECT_EQ(*endpoint_of(kIam, "us-gov-west-1", {}), "https://iam.us-gov.amazonaws.com");
  EXPECT_EQ(signing_region(kIam, "eu-central-1"), "us-east-1");
  EXPECT_EQ(signing_region(kEcs, "eu-central-1"), "eu-central-1");
}

TEST(Endpoint, KnowsTheOtherPartitions) {
  EXPECT_EQ(*endpoint_of(kEcs, "eusc-de-east-1", {}), "https://ecs.eusc-de-east-1.amazonaws.eu");
  EXPECT_EQ(*endpoint_of(kEcs, "us-isob-east-1", {}), "https://ecs.us-isob-east-1.sc2s.sgov.gov");
  EXPECT_EQ(partition_of("us-iso-east-1"), "aws-iso");
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
