#include "aws/provider_chain.h"

#include <gmock/gmock.h>

#include "base/crypto.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_http_client.h"

namespace aws {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kAssumed =
    "<Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey>"
    "<SessionToken>t</SessionToken><Expiration>2026-01-02T04:04:05Z</Expiration></Credentials>"
    "<AssumedRoleUser><AssumedRoleId>AROA1:me</AssumedRoleId><Arn>arn:x</Arn></AssumedRoleUser>";
constexpr const char* kMetadataKeys =
    R"({"Code":"Success","AccessKeyId":"ASIAHERE","SecretAccessKey":"here-secret","Token":"t",)"
    R"("Expiration":"2026-01-02T04:04:05Z"})";

class ProviderChain : public testing::Test {
 protected:
  ProviderChain() {
    places_.client.http = &http_;
    places_.client.clock = &clock_;
    places_.client.region = "eu-central-1";
    places_.client.environment = {{"HOME", "/home/me"}, {"AWS_EC2_METADATA_DISABLED", "true"}};
    places_.read_file = [this](const std::string& path) -> base::Result<std::string> {
      if (const auto found = files_.find(path); found != files_.end()) return found->second;
      return base::make_error(base::ErrorKind::not_found, path + " is not there");
    };
  }
  std::string& variable(const std::string& name) { return places_.client.environment[name]; }
  /// The access key that is found, or the error.
  std::string found() {
    auto source = find_credentials(places_);
    if (!source) return source.error().to_string();
    source_ = *source;
    const auto keys = source->current(clock_);
    return keys ? keys->access_key_id : keys.error().to_string();
  }
  void will_assume(const std::string& action) {
    http_.will_answer(200, "<" + action + "Response><" + action + "Result>" + kAssumed + "</" + action +
                               "Result></" + action + "Response>");
  }
  std::string request_header(std::size_t i, const char* name) {
    return base::header_value(http_.requests().at(i).headers, name).value_or("");
  }

  fakes::FakeHttpClient http_;
  fakes::FakeClock clock_;
  std::map<std::string, std::string> files_;
  CredentialPlaces places_;
  std::optional<CredentialSource> source_;
};

TEST_F(ProviderChain, TheEnvironmentComesFirst) {
  variable("AWS_ACCESS_KEY_ID") = "AKIAENV";
  variable("AWS_SECRET_ACCESS_KEY") = "s";
  files_["/home/me/.aws/credentials"] =
      "[default]\naws_access_key_id = AKIAFILE\naws_secret_access_key = s\n";
  EXPECT_EQ(found(), "AKIAENV");
  variable("AWS_ACCESS_KEY_ID") = "";
  EXPECT_EQ(found(), "AKIAFILE");
  EXPECT_TRUE(http_.requests().empty());
}

TEST_F(ProviderChain, ATokenFileIsReadAnewForEachRenewal) {
  variable("AWS_WEB_IDENTITY_TOKEN_FILE") = "/token";
  variable("AWS_ROLE_ARN") = "arn:aws:iam::1:role/R";
  files_["/token"] = "first.token\n";
  will_assume("AssumeRoleWithWebIdentity");
  EXPECT_EQ(found(), "ASIAROLE");
  EXPECT_THAT(http_.requests().at(0).body, HasSubstr("WebIdentityToken=first.token"));
  files_["/token"] = "second.token";
  clock_.advance(std::chrono::minutes(57));
  will_assume("AssumeRoleWithWebIdentity");
  ASSERT_TRUE(source_->current(clock_));
  EXPECT_THAT(http_.requests().at(1).body, HasSubstr("WebIdentityToken=second.token"));
}

TEST_F(ProviderChain, RolesAreAssumedAlongTheirSourceProfiles) {
  files_["/home/me/.aws/config"] =
      "[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = s\n"
      "[profile middle]\nrole_arn = arn:aws:iam::1:role/Middle\nsource_profile = base\n"
      "[profile top]\nrole_arn = arn:aws:iam::2:role/Top\nsource_profile = middle\nexternal_id = x1\n"
      "role_session_name = me\nduration_seconds = 900\n";
  variable("AWS_PROFILE") = "top";
  will_assume("AssumeRole");
  will_assume("AssumeRole");
  EXPECT_EQ(found(), "ASIAROLE");
  EXPECT_THAT(request_header(0, "Authorization"), HasSubstr("Credential=AKIABASE/"));
  EXPECT_THAT(http_.requests().at(0).body, HasSubstr("RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2FMiddle"));
  EXPECT_THAT(request_header(1, "Authorization"), HasSubstr("Credential=ASIAROLE/"));
  EXPECT_THAT(http_.requests().at(1).body, HasSubstr("ExternalId=x1"));
  EXPECT_THAT(http_.requests().at(1).body, HasSubstr("DurationSeconds=900"));
  EXPECT_THAT(http_.requests().at(1).body, HasSubstr("RoleSessionName=me"));
}

TEST_F(ProviderChain, AProfileMayBeItsOwnSource) {
  files_["/home/me/.aws/config"] =
      "[default]\naws_access_key_id = AKIASELF\naws_secret_access_key = s\nrole_arn = "
      "arn:aws:iam::1:role/R\nsource_profile = default\n";
  will_assume("AssumeRole");
  EXPECT_EQ(found(), "ASIAROLE");
  EXPECT_THAT(request_header(0, "Authorization"), HasSubstr("Credential=AKIASELF/"));
}

TEST_F(ProviderChain, ProfilesThatNameEachOtherAreAnError) {
  files_["/home/me/.aws/config"] =
      "[profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = a\n";
  variable("AWS_PROFILE") = "a";
  EXPECT_THAT(found(), HasSubstr("name each other"));
}

TEST_F(ProviderChain, ARoleMayStartFromTheEnvironmentOrTheContainer) {
  files_["/home/me/.aws/config"] =
      "[default]\nrole_arn = arn:aws:iam::1:role/R\ncredential_source = EcsContainer\n";
  variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") = "/v2/creds";
  http_.will_answer(200, kMetadataKeys);
  will_assume("AssumeRole");
  EXPECT_EQ(found(), "ASIAROLE");
  EXPECT_THAT(request_header(1, "Authorization"), HasSubstr("Credential=ASIAHERE/"));
}

TEST_F(ProviderChain, SsoLoginsAreTakenFromTheCache) {
  files_["/home/me/.aws/config"] =
      "[default]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = Deploy\n"
      "[sso-session corp]\nsso_region = us-west-2\nsso_start_url = https://x\n";
  const std::string cache = "/home/me/.aws/sso/cache/" + base::sha1_hex("corp") + ".json";
  files_[cache] = R"({"accessToken":"sso-token","expiresAt":"2026-01-02T04:00:00Z"})";
  http_.will_answer(
      200,
      R"({"roleCredentials":{"accessKeyId":"ASIASSO","secretAccessKey":"s","sessionToken":"t","expiration":1767326645000}})");
  EXPECT_EQ(found(), "ASIASSO");
  EXPECT_EQ(
      http_.requests().at(0).url,
      "https://portal.sso.us-west-2.amazonaws.com/federation/credentials?role_name=Deploy&account_id=1");
  EXPECT_EQ(request_header(0, "x-amz-sso_bearer_token"), "sso-token");
  files_[cache] = R"({"accessToken":"sso-token","expiresAt":"2026-01-02T03:00:00Z"})";
  EXPECT_THAT(found(), HasSubstr("aws sso login"));
  EXPECT_THAT(found(), Not(HasSubstr("sso-token")));
}

TEST_F(ProviderChain, AnSsoLoginThatEndsSoonIsRenewedAndKept) {
  files_["/home/me/.aws/config"] =
      "[default]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = Deploy\n"
      "[sso-session corp]\nsso_region = us-west-2\n";
  const std::string cache = "/home/me/.aws/sso/cache/" + base::sha1_hex("corp") + ".json";
  const std::string login =
      R"({"startUrl":"https://x","accessToken":"old-token","expiresAt":"2026-01-02T03:10:00Z","clientId":"c",)"
      R"("clientSecret":"client-secret","refreshToken":"refresh-1","registrationExpiresAt":"END"})";
  files_[cache] = base::replace_all(login, "END", "2026-02-02T03:00:00Z");
  std::string kept;
  places_.write_file = [&](const std::string& path, const std::string& text) -> base::Result<void> {
    EXPECT_EQ(path, cache);
    kept = text;
    return {};
  };
  const char* keys =
      R"({"roleCredentials":{"accessKeyId":"ASIASSO","secretAccessKey":"s","sessionToken":"t"}})";
  http_.will_answer(200, R"({"accessToken":"new-token","expiresIn":3600,"refreshToken":"refresh-2"})");
  http_.will_answer(200, keys);
  EXPECT_EQ(found(), "ASIASSO");
  EXPECT_EQ(http_.requests().at(0).url, "https://oidc.us-west-2.amazonaws.com/token");
  EXPECT_EQ(
      http_.requests().at(0).body,
      R"({"grantType":"refresh_token","clientId":"c","clientSecret":"client-secret","refreshToken":"refresh-1"})");
  EXPECT_EQ(request_header(1, "x-amz-sso_bearer_token"), "new-token");
  EXPECT_THAT(kept, HasSubstr(R"("accessToken":"new-token","expiresAt":"2026-01-02T04:04:05.000Z")"));
  EXPECT_THAT(kept, HasSubstr(R"("refreshToken":"refresh-2")"));

  // Where it cannot be renewed the old token is good to its end, and then the reason is told, but no secret.
  http_.will_answer(400, R"({"error":"invalid_grant","error_description":"no"})");
  http_.will_answer(200, keys);
  EXPECT_EQ(found(), "ASIASSO");
  EXPECT_EQ(request_header(3, "x-amz-sso_bearer_token"), "old-token");
  files_[cache] = base::replace_all(login, "END", "2026-01-01T00:00:00Z");
  clock_.advance(std::chrono::minutes(10));
  EXPECT_THAT(found(), AllOf(HasSubstr("was not renewed (the registration of its client has expired)"),
                             HasSubstr("aws sso login"), Not(HasSubstr("old-token")),
                             Not(HasSubstr("refresh-1")), Not(HasSubstr("client-secret"))));
}

TEST_F(ProviderChain, AProcessMayGiveThem) {
  files_["/home/me/.aws/config"] = "[default]\ncredential_process = /bin/get --keys\n";
  EXPECT_THAT(found(), HasSubstr("credential_process is not run here"));
  places_.run_command = [](const std::string& command) -> base::Result<std::string> {
    if (command != "/bin/get --keys") return base::invalid_input(command);
    return std::string(R"({"Version":1,"AccessKeyId":"ASIAPROC","SecretAccessKey":"proc-secret"})");
  };
  EXPECT_EQ(found(), "ASIAPROC");
  places_.run_command = [](const std::string&) -> base::Result<std::string> {
    return std::string(R"({"Version":9,"AccessKeyId":"A","SecretAccessKey":"proc-secret"})");
  };
  EXPECT_THAT(found(), HasSubstr("Version 1"));
  EXPECT_THAT(found(), Not(HasSubstr("proc-secret")));
}

TEST_F(ProviderChain, AContainersTokenGoesNowhereElse) {
  variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") = "http://169.254.170.23/v1/credentials";
  variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") = "/token";
  files_["/token"] = "pod-token\n";
  http_.will_answer(200, kMetadataKeys);
  EXPECT_EQ(found(), "ASIAHERE");
  EXPECT_EQ(request_header(0, "Authorization"), "pod-token");
  EXPECT_EQ(http_.requests().at(0).proxy, "");
  for (const char* url :
       {"http://evil.example/", "http://127.evil.example/", "http://localhost.evil/", "ftp://x/"}) {
    variable("AWS_CONTAINER_CREDENTIALS_FULL_URI") = url;
    EXPECT_THAT(found(), HasSubstr("AWS_CONTAINER_CREDENTIALS_FULL_URI: expected")) << url;
  }
  EXPECT_EQ(http_.requests().size(), 1U);
}

TEST_F(ProviderChain, AnInstanceIsAskedByTheSecondVersionOnly) {
  variable("AWS_EC2_METADATA_DISABLED") = "";
  http_.will_answer(200, "imds-token");
  http_.will_answer(200, "deployer\n");
  http_.will_answer(200, kMetadataKeys);
  EXPECT_EQ(found(), "ASIAHERE");
  EXPECT_EQ(http_.requests().at(0).method, "PUT");
  EXPECT_EQ(http_.requests().at(0).url, "http://169.254.169.254/latest/api/token");
  EXPECT_EQ(request_header(2, "X-aws-ec2-metadata-token"), "imds-token");
  EXPECT_EQ(http_.requests().at(2).url,
            "http://169.254.169.254/latest/meta-data/iam/security-credentials/deployer");
}

TEST_F(ProviderChain, SaysWhereItLookedWhenThereAreNone) {
  EXPECT_THAT(found(), HasSubstr("no AWS credentials: expected AWS_ACCESS_KEY_ID"));
  variable("AWS_PROFILE") = "work";
  EXPECT_THAT(found(), HasSubstr("AWS_PROFILE is 'work'"));
}

TEST_F(ProviderChain, HalfAKeyIsAnErrorThatHoldsNone) {
  files_["/home/me/.aws/credentials"] = "[default]\naws_secret_access_key = file-secret\n";
  EXPECT_THAT(found(), HasSubstr("expected both aws_access_key_id and aws_secret_access_key"));
  EXPECT_THAT(found(), Not(HasSubstr("file-secret")));
}

}  // namespace
}  // namespace aws
