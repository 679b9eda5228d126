#include "base/crypto.h"
#include "steps/registry_logins.h"
#include "tests/unit/steps/aws_fixture.h"

namespace steps {
namespace {

using testing::HasSubstr;

constexpr const char* kHost = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";

class EcrLogin : public AwsFixture {
 protected:
  EcrLogin() {
    call_.uses = "aws-actions/amazon-ecr-login@v2";
    give_keys();
  }
  static base::Json token(const std::string& host, const std::string& password) {
    return {{"authorizationToken", base::base64_encode("AWS:" + password)},
            {"proxyEndpoint", "https://" + host}};
  }
  void will_give(base::Json tokens) {
    http_.will_answer(200, base::to_text({{"authorizationData", std::move(tokens)}}));
  }
  base::Result<ActionOutcome> run() { return builtin::amazon_ecr_login(call_, job_); }
};

TEST_F(EcrLogin, RemembersTheLoginAndNamesTheRegistry) {
  will_give({token(kHost, "the-password")});
  const auto outcome = run();
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_EQ(outcome->outputs.at("registry"), kHost);
  EXPECT_EQ(outcome->outputs.at("docker_username_123456789012_dkr_ecr_eu_central_1_amazonaws_com"), "AWS");
  EXPECT_EQ(outcome->outputs.at("docker_password_123456789012_dkr_ecr_eu_central_1_amazonaws_com"),
            "the-password");
  EXPECT_EQ(find_login(services_, kHost)->password, "the-password");
  EXPECT_EQ(masker_.mask("x the-password"), "x ***");
  EXPECT_THAT(log_.all(), HasSubstr(std::string("Logging into registry ") + kHost));
  EXPECT_EQ(base::header_value(http_.requests().at(0).headers, "X-Amz-Target"),
            "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken");
}

TEST_F(EcrLogin, ForgetsTheLoginAfterTheJob) {
  will_give({token(kHost, "p4ssw0rd")});
  auto outcome = run();
  ASSERT_TRUE(outcome && outcome->post);
  ASSERT_TRUE(outcome->post->run(job_));
  EXPECT_FALSE(find_login(services_, kHost));
  EXPECT_THAT(log_.all(), HasSubstr("Logging out of registry"));
}

TEST_F(EcrLogin, LeavesTheLoginWhenToldTo) {
  call_.inputs = {{"skip-logout", "true"}};
  will_give({token(kHost, "p4ssw0rd")});
  auto outcome = run();
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->post);
}

TEST_F(EcrLogin, LogsIntoEveryRegistryThatIsNamed) {
  call_.inputs = {{"registries", "111111111111, 222222222222"}};
  will_give({token("a.example", "one-password"), token("b.example", "two-password")});
  const auto outcome = run();
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_EQ(base::to_text(sent("GetAuthorizationToken")),
            R"({"registryIds":["111111111111","222222222222"]})");
  EXPECT_FALSE(outcome->outputs.contains("registry")) << "only one registry has that output";
  EXPECT_EQ(find_login(services_, "b.example")->password, "two-password");
}

TEST_F(EcrLogin, LogsIntoThePublicRegistryByItsOwnRegion) {
  call_.inputs = {{"registry-type", "public"}};
  http_.will_answer(
      200,
      base::to_text({{"authorizationData", {{"authorizationToken", base::base64_encode("AWS:public-pw")}}}}));
  const auto outcome = run();
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_EQ(outcome->outputs.at("registry"), "public.ecr.aws");
  EXPECT_EQ(outcome->outputs.at("docker_password_public_ecr_aws"), "public-pw");
  EXPECT_EQ(find_login(services_, "public.ecr.aws")->password, "public-pw");
  const auto request = http_.requests().at(0);
  EXPECT_THAT(request.url, HasSubstr("api.ecr-public.us-east-1.amazonaws.com"));
  EXPECT_EQ(base::header_value(request.headers, "X-Amz-Target"),
            "SpencerFrontendService.GetAuthorizationToken");
}

TEST_F(EcrLogin, LeavesThePasswordUnmaskedWhenItShallCrossJobs) {
  call_.inputs = {{"mask-password", "false"}};
  will_give({token(kHost, "the-password")});
  ASSERT_TRUE(run());
  EXPECT_EQ(masker_.mask("x the-password"), "x the-password");
}

TEST_F(EcrLogin, AsksThroughTheProxyThatItIsGiven) {
  call_.inputs = {{"http-proxy", "http://proxy.example:3128"}};
  will_give({token(kHost, "p4ssw0rd")});
  ASSERT_TRUE(run());
  EXPECT_EQ(http_.requests().at(0).proxy, "http://proxy.example:3128");
}

TEST_F(EcrLogin, RefusesATokenThatIsNone) {
  http_.will_answer(200,
                    R"({"authorizationData":[{"authorizationToken":"!!","proxyEndpoint":"https://x"}]})");
  EXPECT_THAT(run().error().message, HasSubstr("Amazon ECR authorization token is invalid"));
  will_give(base::Json::array());
  EXPECT_THAT(run().error().message, HasSubstr("authorization token returned no authorization data"));
}

TEST_F(EcrLogin, RefusesAnUnknownRegistryType) {
  call_.inputs = {{"registry-type", "secret"}};
  EXPECT_EQ(run().error().message,
            "Invalid input for 'registry-type', possible options are [private, public]");
}

TEST_F(EcrLogin, SaysWhichStepIsMissingWithoutCredentials) {
  call_.environment.erase("AWS_ACCESS_KEY_ID");
  call_.environment["AWS_EC2_METADATA_DISABLED"] = "true";
  EXPECT_THAT(run().error().message, HasSubstr("aws-actions/configure-aws-credentials"));
  EXPECT_TRUE(http_.requests().empty());
}

}  // namespace
}  // namespace steps
