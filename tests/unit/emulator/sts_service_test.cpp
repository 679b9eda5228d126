#include "emulator/sts_service.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/crypto.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_http_client.h"

namespace emulator {
namespace {

constexpr const char* kIssuer = "https://issuer.example";
constexpr const char* kKeysUrl = "http://127.0.0.1:1/keys";

/// An issuer with a key of its own, a role that trusts its `sub: good`, and a clock that stands still.
class StsTest : public testing::Test {
 protected:
  static base::RsaKey& key() {
    static base::RsaKey instance = *base::RsaKey::generate();
    return instance;
  }

  StsTest()
      : http_([](const base::HttpRequest& request) { return answer_keys(request); }),
        folder_(*base::TempDir::create("sts-test")),
        audit_(folder_.path() / "audit.log", clock_) {
    const auto seed = base::parse_json(R"({
      "account": "123456789012",
      "oidc_providers": [{"url": "https://issuer.example", "client_ids": ["sts.amazonaws.com"]}],
      "users": [{"name": "admin", "access_key_id": "AKIAADMIN", "secret_access_key": "s"}],
      "roles": [{"name": "Deployer", "max_session_duration": 3600, "trust_policy": {"Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
         "Principal": {"Federated": "arn:aws:iam::123456789012:oidc-provider/issuer.example"},
         "Condition": {"StringEquals": {"issuer.example:sub": "good"}}},
        {"Effect": "Allow", "Action": "sts:AssumeRole",
         "Principal": {"AWS": "arn:aws:iam::123456789012:user/admin"}}]}}]})");
    identity_ = *Identity::from_seed(*seed);
    identity_->register_keys(kIssuer, kKeysUrl);
    table_ = make_sts_service({*identity_, http_, audit_, clock_, faults_});
  }

  static base::Result<base::HttpResponse> answer_keys(const base::HttpRequest& request) {
    if (request.url != kKeysUrl) return base::HttpResponse{.status = 404};
    const base::Json jwk = {{"kty", "RSA"}, {"kid", "1"}, {"n", key().jwk_n()}, {"e", key().jwk_e()}};
    return base::HttpResponse{.status = 200, .body = base::to_text({{"keys", base::Json::array({jwk})}})};
  }

  base::Json claims() {
    const auto now = static_cast<std::int64_t>(base::to_epoch_seconds(clock_.now()));
    return {{"iss", kIssuer},  {"aud", "sts.amazonaws.com"}, {"sub", "good"}, {"iat", now}, {"nbf", now},
            {"exp", now + 300}};
  }

  static std::string token_of(const base::Json& claims, const char* algorithm = "RS256") {
    const base::Json header = {{"alg", algorithm}, {"kid", "1"}, {"typ", "JWT"}};
    const auto text =
        base::base64url_encode(base::to_text(header)) + "." + base::base64url_encode(base::to_text(claims));
    return text + "." + base::base64url_encode(*key().sign_rs256(text));
  }

  ApiResult call(const std::string& operation, base::Json input) {
    ApiCall call{.operation = operation, .input = std::move(input)};
    call.principal = {"123456789012", "arn:aws:iam::123456789012:user/admin", "AIDAADMIN", "AKIAADMIN"};
    return table_.operations.at(operation)(call);
  }

  ApiResult assume(const std::string& token, const char* role = "arn:aws:iam::123456789012:role/Deployer") {
    return call("AssumeRoleWithWebIdentity",
                {{"RoleArn", role}, {"RoleSessionName", "session"}, {"WebIdentityToken", token}});
  }

  static std::string code_of(const ApiResult& result) {
    const auto* failed = std::get_if<ApiFailure>(&result);
    return failed == nullptr ? "" : failed->code;
  }

  fakes::FakeClock clock_;
  Faults faults_{clock_};
  fakes::FakeHttpClient http_;
  base::TempDir folder_;
  AuditLog audit_;
  std::unique_ptr<Identity> identity_;
  ServiceTable table_;
};

TEST_F(StsTest, GivesCredentialsForAGoodTokenThatAreKnownFromThenOn) {
  const auto result = assume(token_of(claims()));
  ASSERT_EQ(code_of(result), "");
  const auto& keys = std::get<base::Json>(result)["Credentials"];
  const auto known = identity_->find_key(base::json_string(keys, "AccessKeyId"));
  ASSERT_TRUE(known);
  EXPECT_EQ(known->secret, base::json_string(keys, "SecretAccessKey"));
  EXPECT_EQ(known->session_token, base::json_string(keys, "SessionToken"));
  EXPECT_EQ(known->principal.arn, "arn:aws:sts::123456789012:assumed-role/Deployer/session");
}

TEST_F(StsTest, RefusesASubjectThatIsNotTrustedAndTellsTheAuditLogWhy) {
  auto wrong = claims();
  wrong["sub"] = "bad";
  const auto result = assume(token_of(wrong));
  ASSERT_EQ(code_of(result), "AccessDenied");
  EXPECT_EQ(std::get<ApiFailure>(result).message, "Not authorized to perform sts:AssumeRoleWithWebIdentity");
  EXPECT_NE(audit_.tail(10'000).find("issuer.example:sub: expected good, found bad"), std::string::npos);
}

TEST_F(StsTest, SaysNoMoreOfARoleThatDoesNotExist) {
  const auto result = assume(token_of(claims()), "arn:aws:iam::123456789012:role/Nobody");
  EXPECT_EQ(std::get<ApiFailure>(result).message, "Not authorized to perform sts:AssumeRoleWithWebIdentity");
  EXPECT_NE(audit_.tail(10'000).find("no such role"), std::string::npos);
}

TEST_F(StsTest, RefusesTokensThatAreNotTheIssuersOwn) {
  auto token = token_of(claims());
  auto changed = claims();
  changed["sub"] = "good ";
  const auto forged = token.substr(0, token.find('.') + 1) + base::base64url_encode(base::to_text(changed)) +
                      token.substr(token.rfind('.'));
  EXPECT_EQ(code_of(assume(forged)), "InvalidIdentityToken");
  EXPECT_EQ(code_of(assume(token_of(claims(), "none"))), "InvalidIdentityToken");
  EXPECT_EQ(code_of(assume(token_of(claims(), "HS256"))), "InvalidIdentityToken");
  EXPECT_EQ(code_of(assume("")), "InvalidIdentityToken");
  EXPECT_EQ(code_of(assume("a.b.c")), "InvalidIdentityToken");
  auto stranger = claims();
  stranger["iss"] = "https://stranger.example";
  EXPECT_EQ(code_of(assume(token_of(stranger))), "InvalidIdentityToken");
}

TEST_F(StsTest, RefusesATokenForAnotherAudienceOrTime) {
  auto audience = claims();
  audience["aud"] = "somebody.else";
  EXPECT_EQ(code_of(assume(token_of(audience))), "InvalidIdentityToken");
  const auto token = token_of(claims());
  clock_.advance(std::chrono::minutes(10));
  EXPECT_EQ(code_of(assume(token)), "ExpiredTokenException");
}

TEST_F(StsTest, GivesNoLongerSessionThanTheRoleAllows) {
  const base::Json input = {{"RoleArn", "arn:aws:iam::123456789012:role/Deployer"},
                            {"RoleSessionName", "session"},
                            {"DurationSeconds", "7200"}};
  EXPECT_EQ(code_of(call("AssumeRole", input)), "ValidationError");
}

TEST_F(StsTest, LetsATrustedUserAssumeARole) {
  const auto result =
      call("AssumeRole", {{"RoleArn", "arn:aws:iam::123456789012:role/Deployer"}, {"RoleSessionName", "s"}});
  EXPECT_EQ(code_of(result), "");
}

}  // namespace
}  // namespace emulator
