#include "aws/sts.h"

#include <gmock/gmock.h>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_http_client.h"

namespace aws {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kCredentials =
    "<Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
    "<SessionToken>t</SessionToken><Expiration>2026-01-02T04:04:05Z</Expiration></Credentials>"
    "<AssumedRoleUser><AssumedRoleId>AROA1:me</AssumedRoleId><Arn>arn:aws:sts::1:assumed-role/R/me</Arn>"
    "</AssumedRoleUser>";

std::string answer_of(const std::string& action, const std::string& result) {
  return "<" + action + "Response><" + action + "Result>" + result + "</" + action + "Result></" + action +
         "Response>";
}

class Sts : public testing::Test {
 protected:
  Client make() {
    ClientOptions options;
    options.http = &http_;
    options.clock = &clock_;
    options.region = "eu-central-1";
    options.credentials = Credentials{"AKIA1", "secret", "", {}};
    return Client(std::move(options));
  }

  fakes::FakeHttpClient http_;
  fakes::FakeClock clock_;
  RoleRequest role_{"arn:aws:iam::1:role/R", "me", 900, "", {}};
};

TEST_F(Sts, ExchangesATokenWithoutSigning) {
  http_.will_answer(200, answer_of("AssumeRoleWithWebIdentity", kCredentials));
  const auto assumed = assume_role_with_web_identity(make(), role_, "a.b.c");
  ASSERT_TRUE(assumed) << assumed.error().to_string();
  EXPECT_EQ(assumed->credentials.access_key_id, "ASIA1");
  EXPECT_EQ(assumed->credentials.session_token, "t");
  EXPECT_EQ(base::format_iso8601(assumed->credentials.expires.value()), "2026-01-02T04:04:05.000Z");
  EXPECT_EQ(assumed->assumed_role_id, "AROA1:me");
  const auto request = http_.requests().at(0);
  EXPECT_EQ(request.url, "https://sts.eu-central-1.amazonaws.com/");
  EXPECT_EQ(request.headers.count("Authorization"), 0U);
  EXPECT_EQ(request.body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&DurationSeconds=900&RoleArn=arn%3Aaws%3Aiam%"
            "3A%3A1%"
            "3Arole%2FR&RoleSessionName=me&WebIdentityToken=a.b.c");
}

TEST_F(Sts, SendsTagsPoliciesAndExternalIdSigned) {
  http_.will_answer(200, answer_of("AssumeRole", kCredentials));
  role_.managed_policies = {"arn:p"};
  role_.inline_policy = "{}";
  Client client = make();
  ASSERT_TRUE(assume_role(client, role_, {{{"Repository", "o/r"}}, {"Repository"}, "ext"}));
  const auto request = http_.requests().at(0);
  EXPECT_EQ(request.headers.count("Authorization"), 1U);
  for (const char* part :
       {"&Tags.member.1.Key=Repository&Tags.member.1.Value=o%2Fr", "TransitiveTagKeys.member.1=Rep",
        "ExternalId=ext", "PolicyArns.member.1.arn=arn%3Ap", "&Policy=%7B%7D"}) {
    EXPECT_THAT(request.body, HasSubstr(part));
  }
}

TEST_F(Sts, AnAnswerWithoutKeysIsAnErrorThatShowsNone) {
  http_.will_answer(200,
                    answer_of("AssumeRole", "<Credentials><AccessKeyId>ASIA1</AccessKeyId></Credentials>"));
  Client client = make();
  const auto assumed = assume_role(client, role_, {});
  ASSERT_FALSE(assumed);
  EXPECT_THAT(assumed.error().message, HasSubstr("without credentials"));
  EXPECT_THAT(assumed.error().message, Not(HasSubstr("ASIA1")));
}

TEST_F(Sts, SaysWhoOneIs) {
  http_.will_answer(200,
                    answer_of("GetCallerIdentity", "<Arn>arn:a</Arn><UserId>U</UserId><Account>1</Account>"));
  Client client = make();
  const auto identity = get_caller_identity(client);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->account, "1");
  EXPECT_EQ(identity->arn, "arn:a");
  EXPECT_EQ(identity->user_id, "U");
}

}  // namespace
}  // namespace aws
