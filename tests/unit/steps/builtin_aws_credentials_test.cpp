#include "steps/aws_sessions.h"
#include "tests/unit/steps/aws_fixture.h"

namespace steps {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kAssumed =
    "<Credentials><AccessKeyId>ASIANEW</AccessKeyId><SecretAccessKey>new-secret</SecretAccessKey>"
    "<SessionToken>new-token</SessionToken><Expiration>2026-01-02T04:04:05Z</Expiration></Credentials>"
    "<AssumedRoleUser><AssumedRoleId>AROA1:GitHubActions</AssumedRoleId><Arn>arn:aws:sts::1:assumed-role/R/"
    "G</Arn>"
    "</AssumedRoleUser>";
constexpr const char* kCaller =
    "<Arn>arn:aws:sts::123456789012:assumed-role/R/G</Arn><UserId>AROA1:G</UserId><Account>123456789012</"
    "Account>";

class AwsCredentials : public AwsFixture {
 protected:
  AwsCredentials() {
    call_.uses = "aws-actions/configure-aws-credentials@v4";
    call_.environment = {
        {"GITHUB_REPOSITORY", "octo/app"}, {"GITHUB_ACTOR", "dependabot[bot]"}, {"GITHUB_RUN_ID", "7"}};
    call_.inputs = {{"aws-region", "eu-central-1"}};
  }
  void use_oidc() {
    call_.inputs["role-to-assume"] = "arn:aws:iam::123456789012:role/R";
    call_.environment["ACTIONS_ID_TOKEN_REQUEST_URL"] = "http://127.0.0.1:1/token?job=x";
    call_.environment["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = "request-token";
  }
  void use_static_keys() {
    call_.inputs["aws-access-key-id"] = "AKIAUSER";
    call_.inputs["aws-secret-access-key"] = "user-secret";
  }
  void will_give_token() { http_.will_answer(200, R"({"value":"id.token.value"})"); }
  void will_assume(const std::string& action) { http_.will_answer(200, query_answer(action, kAssumed)); }
  void will_identify() { http_.will_answer(200, query_answer("GetCallerIdentity", kCaller)); }
  base::Result<ActionOutcome> run() { return builtin::configure_aws_credentials(call_, job_); }
  static std::string exported(const ActionOutcome& outcome, const std::string& name) {
    std::string value = "(absent)";
    for (const auto& [known, text] : outcome.environment) value = known == name ? text : value;
    return value;
  }
};

TEST_F(AwsCredentials, ExchangesTheJobsTokenForTemporaryKeys) {
  use_oidc();
  will_give_token();
  will_assume("AssumeRoleWithWebIdentity");
  will_identify();
  const auto outcome = run();
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_EQ(exported(*outcome, "AWS_ACCESS_KEY_ID"), "ASIANEW");
  EXPECT_EQ(exported(*outcome, "AWS_SECRET_ACCESS_KEY"), "new-secret");
  EXPECT_EQ(exported(*outcome, "AWS_SESSION_TOKEN"), "new-token");
  EXPECT_EQ(exported(*outcome, "AWS_REGION"), "eu-central-1");
  EXPECT_EQ(exported(*outcome, "AWS_DEFAULT_REGION"), "eu-central-1");
  EXPECT_EQ(outcome->outputs.at("aws-account-id"), "123456789012");
  EXPECT_FALSE(outcome->outputs.contains("aws-secret-access-key"));
  const auto requests = http_.requests();
  EXPECT_EQ(requests.at(0).url, "http://127.0.0.1:1/token?job=x&audience=sts.amazonaws.com");
  EXPECT_EQ(base::header_value(requests.at(0).headers, "Authorization"), "Bearer request-token");
  EXPECT_THAT(requests.at(1).body, HasSubstr("WebIdentityToken=id.token.value"));
  EXPECT_THAT(requests.at(1).body, HasSubstr("RoleSessionName=GitHubActions"));
  EXPECT_EQ(requests.at(1).headers.count("Authorization"), 0U);
  EXPECT_THAT(base::header_value(requests.at(2).headers, "Authorization").value_or(""), HasSubstr("ASIANEW"));
  EXPECT_THAT(log_.all(), HasSubstr("Authenticated as assumedRoleId AROA1:GitHubActions"));
}

TEST_F(AwsCredentials, AsksForOtherKeysUntilTheyArePlain) {
  use_oidc();
  call_.inputs["special-characters-workaround"] = "true";
  will_give_token();
  will_assume("AssumeRoleWithWebIdentity");  // new-secret has a dash
  will_give_token();
  http_.will_answer(200, query_answer("AssumeRoleWithWebIdentity",
                                      base::replace_all(kAssumed, "new-secret", "PlainSecret7")));
  will_identify();
  const auto outcome = run();
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_EQ(exported(*outcome, "AWS_SECRET_ACCESS_KEY"), "PlainSecret7");
}

TEST_F(AwsCredentials, LaterStepsRenewThemWithANewToken) {
  use_oidc();
  will_give_token();
  will_assume("AssumeRoleWithWebIdentity");
  will_identify();
  ASSERT_TRUE(run());
  auto source = services_.aws_sessions->find("ASIANEW");
  ASSERT_TRUE(source);
  clock_.advance(std::chrono::minutes(58));
  http_.will_answer(200, R"({"value":"second.token"})");
  http_.will_answer(200, query_answer("AssumeRoleWithWebIdentity",
                                      base::replace_all(base::replace_all(kAssumed, "ASIANEW", "ASIATHIRD"),
                                                        "04:04:05", "05:04:05")));
  const auto renewed = source->current(clock_);
  ASSERT_TRUE(renewed) << renewed.error().to_string();
  EXPECT_EQ(renewed->access_key_id, "ASIATHIRD");
  EXPECT_EQ(http_.requests().at(3).url, "http://127.0.0.1:1/token?job=x&audience=sts.amazonaws.com");
  EXPECT_THAT(http_.requests().at(4).body, HasSubstr("WebIdentityToken=second.token"));
  EXPECT_EQ(masker_.mask("second.token ASIATHIRD"), "*** ***");
}

TEST_F(AwsCredentials, MasksTheTokenAndTheKeys) {
  use_oidc();
  will_give_token();
  will_assume("AssumeRoleWithWebIdentity");
  will_identify();
  ASSERT_TRUE(run());
  EXPECT_EQ(masker_.mask("id.token.value ASIANEW new-secret new-token"), "*** *** *** ***");
  EXPECT_EQ(masker_.mask("123456789012"), "123456789012") << "the account is masked only on demand";
}

TEST_F(AwsCredentials, TellsAwssRefusalAtOnceAndLeavesNothingBehind) {
  use_oidc();
  will_give_token();
  http_.will_answer(403,
                    query_error("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"));
  const auto outcome = run();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message,
            "Could not assume role with OIDC: Not authorized to perform sts:AssumeRoleWithWebIdentity");
  EXPECT_EQ(http_.requests().size(), 2U);
  EXPECT_TRUE(clock_.sleeps().empty());
  EXPECT_THAT(outcome.error().to_string(), Not(HasSubstr("id.token.value")));
}

TEST_F(AwsCredentials, TriesAgainWhenStsIsBusy) {
  use_oidc();
  will_give_token();
  http_.will_answer(400, query_error("Throttling", "Rate exceeded"));
  will_assume("AssumeRoleWithWebIdentity");
  will_identify();
  EXPECT_TRUE(run());
  EXPECT_EQ(clock_.sleeps().size(), 1U);
}

TEST_F(AwsCredentials, DoesNotTryAgainWhenToldNotTo) {
  use_oidc();
  call_.inputs["disable-retry"] = "true";
  will_give_token();
  http_.will_answer(400, query_error("Throttling", "Rate exceeded"));
  EXPECT_EQ(run().error().message, "Could not assume role with OIDC: Rate exceeded");
}

TEST_F(AwsCredentials, AsksForTheAudienceThatIsWanted) {
  use_oidc();
  call_.inputs["audience"] = "my/audience";
  http_.will_answer(500, "");
  EXPECT_EQ(run().error().message, "getIDToken call failed: expected HTTP 200, found 500");
  EXPECT_THAT(http_.requests().at(0).url, HasSubstr("&audience=my%2Faudience"));
}

TEST_F(AwsCredentials, PassesStaticKeysOnAfterAskingWhoseTheyAre) {
  use_static_keys();
  will_identify();
  const auto outcome = run();
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_EQ(exported(*outcome, "AWS_ACCESS_KEY_ID"), "AKIAUSER");
  EXPECT_EQ(exported(*outcome, "AWS_SECRET_ACCESS_KEY"), "user-secret");
  EXPECT_EQ(exported(*outcome, "AWS_SESSION_TOKEN"), "(absent)");
  EXPECT_EQ(masker_.mask("user-secret"), "***");
  EXPECT_THAT(asked_for(), ElementsAre("GetCallerIdentity"));
}

TEST_F(AwsCredentials, ClearsAStaleSessionTokenWhenKeysHaveNone) {
  use_static_keys();
  call_.environment["AWS_SESSION_TOKEN"] = "old";
  will_identify();
  const auto outcome = run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(exported(*outcome, "AWS_SESSION_TOKEN"), "");
}

TEST_F(AwsCredentials, AssumesARoleWithKeysAndTagsTheSession) {
  use_static_keys();
  call_.inputs["role-to-assume"] = "Deployer";
  call_.inputs["role-duration-seconds"] = "900";
  will_identify();
  will_assume("AssumeRole");
  will_identify();
  const auto outcome = run();
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_EQ(exported(*outcome, "AWS_ACCESS_KEY_ID"), "ASIANEW");
  const std::string body = http_.requests().at(1).body;
  EXPECT_THAT(body, HasSubstr("RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2FDeployer"));
  EXPECT_THAT(body, HasSubstr("DurationSeconds=900"));
  EXPECT_THAT(body, HasSubstr("Value=dependabot_bot_"));
  EXPECT_THAT(body, HasSubstr("Value=octo%2Fapp"));
}

TEST_F(AwsCredentials, DropsLesserTagsWhenTheyAreTooLarge) {
  use_static_keys();
  call_.inputs["role-to-assume"] = "arn:aws:iam::1:role/R";
  call_.inputs["custom-tags"] = R"({"Team": "items", "Level": 3})";
  call_.inputs["transitive-tag-keys"] = "Team\nRunId\nUnknown";
  will_identify();
  http_.will_answer(400, query_error("PackedPolicyTooLarge", "too large"));
  will_assume("AssumeRole");
  will_identify();
  ASSERT_TRUE(run());
  const auto first = http_.requests().at(1).body;
  EXPECT_THAT(first, AllOf(HasSubstr("Key=RunId"), HasSubstr("Key=Level"), HasSubstr("Value=3")));
  EXPECT_THAT(first, AllOf(HasSubstr("TransitiveTagKeys.member.1=Team"),
                           HasSubstr("TransitiveTagKeys.member.2=RunId"), Not(HasSubstr("Unknown"))));
  const auto second = http_.requests().at(2).body;
  EXPECT_THAT(second, AllOf(Not(HasSubstr("RunId")), HasSubstr("Key=Repository"), HasSubstr("Key=Level")));
}

TEST_F(AwsCredentials, ChainsRolesFromTheKeysOfAnEarlierStep) {
  use_oidc();
  give_keys();
  call_.inputs["role-chaining"] = "true";
  will_identify();
  will_assume("AssumeRole");
  will_identify();
  ASSERT_TRUE(run());
  EXPECT_THAT(base::header_value(http_.requests().at(0).headers, "Authorization").value_or(""),
              HasSubstr("AKIAJOB"));
}

TEST_F(AwsCredentials, HintsAtTheMissingPermission) {
  call_.inputs["role-to-assume"] = "arn:aws:iam::1:role/R";
  EXPECT_THAT(run().error().message,
              HasSubstr("Credentials could not be loaded, please check your action inputs: "));
  EXPECT_THAT(log_.all(), HasSubstr("Did you mean to set the `id-token` permission?"));
}

TEST_F(AwsCredentials, RefusesAnAccountThatIsNotExpected) {
  use_static_keys();
  call_.inputs["allowed-account-ids"] = "111111111111, 222222222222";
  will_identify();
  EXPECT_EQ(
      run().error().message,
      "The account ID of the provided credentials (123456789012) does not match any of the expected account "
      "IDs: 111111111111, 222222222222");
}

TEST_F(AwsCredentials, GivesTheKeysAsOutputsOnlyOnDemand) {
  use_oidc();
  call_.inputs["output-credentials"] = "true";
  call_.inputs["output-env-credentials"] = "false";
  call_.inputs["mask-aws-account-id"] = "true";
  will_give_token();
  will_assume("AssumeRoleWithWebIdentity");
  will_identify();
  const auto outcome = run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->outputs.at("aws-access-key-id"), "ASIANEW");
  EXPECT_EQ(outcome->outputs.at("aws-session-token"), "new-token");
  EXPECT_EQ(outcome->outputs.at("aws-expiration"), "\"2026-01-02T04:04:05.000Z\"");
  EXPECT_TRUE(outcome->environment.empty());
  EXPECT_FALSE(outcome->outputs.contains("aws-account-id")) << "as the original has it";
  EXPECT_EQ(masker_.mask("123456789012"), "***");
}

TEST_F(AwsCredentials, KeepsGoodExistingCredentials) {
  give_keys();
  call_.inputs["use-existing-credentials"] = "true";
  will_identify();
  const auto outcome = run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(exported(*outcome, "AWS_ACCESS_KEY_ID"), "(absent)");
  EXPECT_EQ(exported(*outcome, "AWS_REGION"), "eu-central-1");
  EXPECT_THAT(log_.all(), HasSubstr("Pre-existing credentials are valid."));
}

TEST_F(AwsCredentials, UnsetCurrentCredentialsHidesThoseOfEarlierSteps) {
  give_keys();
  call_.environment["AWS_EC2_METADATA_DISABLED"] = "true";
  call_.inputs["unset-current-credentials"] = "true";
  EXPECT_THAT(run().error().message, HasSubstr("Credentials could not be loaded"));
  EXPECT_TRUE(http_.requests().empty());
}

TEST_F(AwsCredentials, ReadsAWebIdentityTokenFromAFile) {
  write("token.jwt", "file.token.value\n");
  call_.inputs["role-to-assume"] = "arn:aws:iam::1:role/R";
  call_.inputs["web-identity-token-file"] = "token.jwt";
  will_assume("AssumeRoleWithWebIdentity");
  will_identify();
  ASSERT_TRUE(run());
  EXPECT_THAT(http_.requests().at(0).body, HasSubstr("WebIdentityToken=file.token.value"));
  EXPECT_EQ(masker_.mask("file.token.value"), "***");
}

TEST_F(AwsCredentials, AsksTheStsThatIsNamed) {
  use_static_keys();
  call_.inputs["sts-endpoint"] = "http://127.0.0.1:4566";
  will_identify();
  ASSERT_TRUE(run());
  EXPECT_EQ(http_.requests().at(0).url, "http://127.0.0.1:4566/");
}

TEST_F(AwsCredentials, ClearsTheEnvironmentAfterTheJob) {
  use_static_keys();
  will_identify();
  auto outcome = run();
  ASSERT_TRUE(outcome && outcome->post);
  job_.environment = {
      {"AWS_ACCESS_KEY_ID", "AKIAUSER"}, {"AWS_SECRET_ACCESS_KEY", "user-secret"}, {"OTHER", "x"}};
  ASSERT_TRUE(outcome->post->run(job_));
  EXPECT_EQ(job_.environment.at("AWS_ACCESS_KEY_ID"), "");
  EXPECT_EQ(job_.environment.at("AWS_SECRET_ACCESS_KEY"), "");
  EXPECT_EQ(job_.environment.at("OTHER"), "x");
}

TEST_F(AwsCredentials, LeavesTheEnvironmentWhenToldTo) {
  use_static_keys();
  will_identify();
  auto outcome = run();
  ASSERT_TRUE(outcome && outcome->post);
  job_.environment = {{"AWS_ACCESS_KEY_ID", "AKIAUSER"}, {"AWS_SKIP_CLEANUP_STEP", "true"}};
  ASSERT_TRUE(outcome->post->run(job_));
  EXPECT_EQ(job_.environment.at("AWS_ACCESS_KEY_ID"), "AKIAUSER");
}

TEST_F(AwsCredentials, InputsThatCannotBeAreNamed) {
  const auto message_with = [this](const std::string& name, const std::string& value) {
    call_.inputs = {{"aws-region", "eu-central-1"}};
    call_.inputs[name] = value;
    const auto outcome = run();
    return outcome ? std::string("no error") : outcome.error().message;
  };
  EXPECT_EQ(message_with("aws-region", "eu_central"), "Region is not valid: eu_central");
  EXPECT_THAT(message_with("aws-region", ""), HasSubstr("aws-region"));
  EXPECT_EQ(message_with("aws-access-key-id", "AKIA1"),
            "'aws-secret-access-key' must be provided if 'aws-access-key-id' is provided");
  EXPECT_THAT(message_with("role-session-name", "a b"), HasSubstr("Role session name is not valid: 'a b'"));
  EXPECT_THAT(message_with("role-session-name", "a"), HasSubstr("between 2 and 64 characters, got 1: 'a'"));
  EXPECT_THAT(message_with("role-duration-seconds", "1h"), HasSubstr("from 900 to 43200, found '1h'"));
  EXPECT_THAT(message_with("output-credentials", "yes"),
              HasSubstr("YAML 1.2 \"Core Schema\" specification: output-credentials"));
  EXPECT_THAT(message_with("action-timeout-s", "soon"), HasSubstr("from 0 to 86400, found 'soon'"));
  EXPECT_THAT(message_with("custom-tags", "[1]"), HasSubstr("custom-tags"));
  EXPECT_THAT(message_with("custom-tags", R"({"Repository":"x"})"),
              HasSubstr("'Repository' is set by the action"));
  EXPECT_THAT(message_with("custom-tags", R"({"Job":"x"})"), HasSubstr("'Job' is set by the action"));
  EXPECT_THAT(message_with("custom-tags", R"({"Team":"a;b"})"),
              HasSubstr("characters that STS does not take"));
  EXPECT_TRUE(http_.requests().empty());
}

TEST_F(AwsCredentials, WithoutOidcARoleNeedsKeysOrATokenFile) {
  use_oidc();
  call_.inputs["force-skip-oidc"] = "true";
  EXPECT_THAT(run().error().message,
              HasSubstr("'aws-access-key-id' or 'web-identity-token-file' must be set"));
}

TEST_F(AwsCredentials, GoesAroundTheProxyForHostsThatAreExempt) {
  use_static_keys();
  call_.inputs["sts-endpoint"] = "http://sts.test";
  call_.inputs["http-proxy"] = "http://proxy.test:3128";
  will_identify();
  ASSERT_TRUE(run());
  EXPECT_EQ(http_.requests().at(0).proxy, "http://proxy.test:3128");
  call_.inputs["no-proxy"] = "other.test,sts.test";
  will_identify();
  ASSERT_TRUE(run());
  EXPECT_EQ(http_.requests().at(1).proxy, "");
}

class AwsProfile : public AwsCredentials {
 protected:
  AwsProfile() {
    use_static_keys();
    call_.inputs["aws-profile"] = "dev";
  }
  std::string file(const std::string& name) {
    return base::read_file(job_.folders.temp.host / ".aws" / name).value_or("(absent)");
  }
};

TEST_F(AwsProfile, IsWrittenInPlaceOfTheEnvironment) {
  will_identify();
  const auto outcome = run();
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_EQ(file("credentials"),
            "[dev]\naws_access_key_id = AKIAUSER\naws_secret_access_key = user-secret\n");
  EXPECT_EQ(file("config"), "[profile dev]\nregion = eu-central-1\n");
  EXPECT_EQ(exported(*outcome, "AWS_ACCESS_KEY_ID"), "(absent)");
  EXPECT_EQ(exported(*outcome, "AWS_PROFILE"), "(absent)");
  EXPECT_EQ(exported(*outcome, "AWS_SHARED_CREDENTIALS_FILE"),
            job_.folders.temp.inside + "/.aws/credentials");
  EXPECT_EQ(exported(*outcome, "AWS_CONFIG_FILE"), job_.folders.temp.inside + "/.aws/config");
  EXPECT_EQ(std::filesystem::status(job_.folders.temp.host / ".aws/credentials").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(AwsProfile, ReplacesOneOfItsNameOnlyWhenTold) {
  will_identify();
  ASSERT_TRUE(run());
  call_.inputs["aws-profile"] = "other";
  will_identify();
  ASSERT_TRUE(run());
  call_.inputs["aws-profile"] = "dev";
  call_.inputs["aws-access-key-id"] = "AKIANEXT";
  will_identify();
  EXPECT_THAT(run().error().message, HasSubstr("Failed to write AWS profile 'dev': Profile with name \"dev\" "
                                               "already exists."));
  call_.inputs["overwrite-aws-profile"] = "true";
  call_.inputs["output-env-credentials"] = "true";
  will_identify();
  const auto outcome = run();
  ASSERT_TRUE(outcome) << outcome.error().to_string();
  EXPECT_EQ(file("credentials"),
            "[other]\naws_access_key_id = AKIAUSER\naws_secret_access_key = user-secret\n"
            "[dev]\naws_access_key_id = AKIANEXT\naws_secret_access_key = user-secret\n");
  EXPECT_EQ(exported(*outcome, "AWS_PROFILE"), "dev");
  EXPECT_EQ(exported(*outcome, "AWS_ACCESS_KEY_ID"), "AKIANEXT");
}

TEST_F(AwsProfile, NamesThatAreNoSectionsAreRefused) {
  for (const char* name : {"a b", "a]b", "../a", "a\\b"}) {
    call_.inputs["aws-profile"] = name;
    will_identify();
    EXPECT_THAT(run().error().message, HasSubstr("aws-profile must not contain")) << name;
  }
}

}  // namespace
}  // namespace steps
