#include "runner/oidc_issuer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/json.h"

namespace runner {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A token taken apart; the signature is not looked at yet.
struct Token {
  base::Json header;
  base::Json claims;
  std::string signed_part;
  std::string signature;
};

Token take_apart(const std::string& token) {
  const auto parts = base::split(token, '.');
  EXPECT_EQ(parts.size(), 3U) << token;
  if (parts.size() != 3) return {};
  Token result{.signed_part = parts[0] + "." + parts[1]};
  result.header = base::parse_json(base::base64url_decode(parts[0]).value_or("")).value_or({});
  result.claims = base::parse_json(base::base64url_decode(parts[1]).value_or("")).value_or({});
  result.signature = base::base64url_decode(parts[2]).value_or("");
  return result;
}

class OidcIssuerTest : public ::testing::Test {
 protected:
  void SetUp() override { start(""); }

  void start(const std::string& issuer) {
    auto started = OidcIssuer::start(issuer);
    ASSERT_TRUE(started.ok()) << started.error().to_string();
    issuer_ = std::move(started).value();
  }

  base::HttpResponse get(const std::string& url, const std::string& authorization = "") {
    base::HttpRequest request{.url = url};
    if (!authorization.empty()) request.headers.emplace("Authorization", authorization);
    auto answer = http_->send(request);
    EXPECT_TRUE(answer.ok()) << url;
    return std::move(answer).value_or({});
  }
  base::Json get_json(const std::string& url) { return base::parse_json(get(url).body).value_or({}); }

  /// What an action gets: the token behind the request URL with `&audience=` appended.
  std::string requested_token(const OidcIssuer::Grant& grant, const std::string& query) {
    const auto answer = get(grant.request_url + query, "Bearer " + grant.request_token);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return base::json_string(base::parse_json(answer.body).value_or({}), "value");
  }

  /// Whether the token is signed by the one key that the issuer serves.
  bool is_signed_by_the_served_key(const Token& token) {
    const auto keys = get_json(issuer_->keys_url());
    if (!keys.contains("keys") || keys["keys"].size() != 1) return false;
    const auto& served = keys["keys"][0];
    if (base::json_string(served, "kid") != base::json_string(token.header, "kid")) return false;
    const auto key = base::RsaKey::from_jwk(base::json_string(served, "n"), base::json_string(served, "e"));
    return key.ok() && key->verify_rs256(token.signed_part, token.signature);
  }

  std::unique_ptr<OidcIssuer> issuer_;
  std::unique_ptr<base::HttpClient> http_ = base::make_curl_http_client();
  const base::Json claims_ = {{"sub", "repo:octo/shop:ref:refs/heads/main"}, {"repository_owner", "octo"}};
};

TEST_F(OidcIssuerTest, DescribesItselfByDiscovery) {
  const auto document = get_json(issuer_->issuer() + "/.well-known/openid-configuration");
  EXPECT_EQ(document["issuer"], issuer_->issuer());
  EXPECT_EQ(document["jwks_uri"], issuer_->keys_url());
  EXPECT_EQ(document["response_types_supported"], base::Json::array({"id_token"}));
  EXPECT_EQ(document["id_token_signing_alg_values_supported"], base::Json::array({"RS256"}));
  EXPECT_EQ(document["scopes_supported"], base::Json::array({"openid"}));
}

TEST_F(OidcIssuerTest, ServesOnePublicSigningKeyAndNothingPrivate) {
  const auto keys = get_json(issuer_->keys_url());
  ASSERT_EQ(keys["keys"].size(), 1U);
  const auto& key = keys["keys"][0];
  EXPECT_EQ(key["kty"], "RSA");
  EXPECT_EQ(key["use"], "sig");
  EXPECT_EQ(key["alg"], "RS256");
  for (const auto* member : {"d", "p", "q", "dp", "dq", "qi"}) EXPECT_FALSE(key.contains(member)) << member;
  EXPECT_EQ(keys, get_json(issuer_->keys_url())) << "the key changed between two requests";
}

TEST_F(OidcIssuerTest, GivesATokenThatTheServedKeyVerifies) {
  const auto grant = issuer_->add_job("deploy", claims_);
  const auto token = take_apart(requested_token(grant, "&audience=sts.amazonaws.com"));
  EXPECT_EQ(token.header["typ"], "JWT");
  EXPECT_EQ(token.header["alg"], "RS256");
  EXPECT_TRUE(is_signed_by_the_served_key(token));

  auto forged = token;
  forged.claims["sub"] = "repo:octo/other:ref:refs/heads/main";
  forged.signed_part = base::base64url_encode(base::to_text(forged.header)) + "." +
                       base::base64url_encode(base::to_text(forged.claims));
  EXPECT_FALSE(is_signed_by_the_served_key(forged));
}

TEST_F(OidcIssuerTest, SignsWithAKeyOfItsOwn) {
  const auto token = take_apart(requested_token(issuer_->add_job("deploy", claims_), "&audience=a"));
  const auto first = std::move(issuer_);
  start("");
  EXPECT_FALSE(is_signed_by_the_served_key(token));
}

TEST_F(OidcIssuerTest, PutsTheClaimsOfTheJobBesideThoseOfTheToken) {
  const auto grant = issuer_->add_job("deploy", claims_);
  const auto before = static_cast<std::int64_t>(base::to_epoch_seconds(base::system_clock().now()));
  const auto claims = take_apart(requested_token(grant, "&audience=sts.amazonaws.com")).claims;
  const auto after = static_cast<std::int64_t>(base::to_epoch_seconds(base::system_clock().now()));
  EXPECT_EQ(claims["sub"], "repo:octo/shop:ref:refs/heads/main");
  EXPECT_EQ(claims["repository_owner"], "octo");
  EXPECT_EQ(claims["iss"], issuer_->issuer());
  EXPECT_EQ(claims["aud"], "sts.amazonaws.com");
  EXPECT_GE(base::json_integer(claims, "iat"), before);
  EXPECT_LE(base::json_integer(claims, "iat"), after);
  EXPECT_LE(base::json_integer(claims, "nbf"), before);
  EXPECT_EQ(base::json_integer(claims, "exp"), base::json_integer(claims, "iat") + 600);
}

TEST_F(OidcIssuerTest, DoesNotLetTheClaimsOfAJobReplaceThoseOfTheToken) {
  auto claims = claims_;
  claims["iss"] = "https://elsewhere.example";
  claims["aud"] = "elsewhere";
  claims["exp"] = 9'999'999'999;
  const auto grant = issuer_->add_job("deploy", claims);
  const auto given = take_apart(requested_token(grant, "&audience=here")).claims;
  EXPECT_EQ(given["iss"], issuer_->issuer());
  EXPECT_EQ(given["aud"], "here");
  EXPECT_LT(base::json_integer(given, "exp"), 9'999'999'999);
}

TEST_F(OidcIssuerTest, GivesEveryTokenAnIdOfItsOwn) {
  const auto grant = issuer_->add_job("deploy", claims_);
  const auto one = take_apart(requested_token(grant, "&audience=a")).claims;
  const auto other = take_apart(requested_token(grant, "&audience=a")).claims;
  EXPECT_FALSE(base::json_string(one, "jti").empty());
  EXPECT_NE(one["jti"], other["jti"]);
}

TEST_F(OidcIssuerTest, TakesTheOwnersAddressAsTheAudienceWhenNoneIsNamed) {
  const auto grant = issuer_->add_job("deploy", claims_);
  EXPECT_EQ(take_apart(requested_token(grant, "")).claims["aud"], "https://github.com/octo");
  EXPECT_EQ(take_apart(requested_token(grant, "&audience=")).claims["aud"], "https://github.com/octo");
}

TEST_F(OidcIssuerTest, DecodesTheAudienceOfTheRequest) {
  const auto grant = issuer_->add_job("deploy", claims_);
  const auto token = requested_token(grant, "&audience=https%3A%2F%2Fapi.example%2Fa%20b");
  EXPECT_EQ(take_apart(token).claims["aud"], "https://api.example/a b");
}

TEST_F(OidcIssuerTest, RefusesARequestWithoutTheBearerTokenOfTheJob) {
  const auto grant = issuer_->add_job("deploy", claims_);
  const auto url = grant.request_url + "&audience=a";
  for (const std::string& authorization :
       {std::string(), std::string("Bearer "), "Bearer " + base::random_hex(32),
        "Basic " + grant.request_token, grant.request_token, "Bearer " + grant.request_token + "0",
        "Bearer " + grant.request_token.substr(1)}) {
    const auto answer = get(url, authorization);
    EXPECT_EQ(answer.status, 401) << authorization;
    EXPECT_THAT(answer.body, Not(HasSubstr("value")));
    EXPECT_THAT(answer.body, Not(HasSubstr(grant.request_token)));
  }
}

TEST_F(OidcIssuerTest, RefusesTheBearerTokenOfAnotherJob) {
  const auto one = issuer_->add_job("build", claims_);
  const auto other = issuer_->add_job("deploy", claims_);
  EXPECT_NE(one.request_token, other.request_token);
  EXPECT_EQ(get(other.request_url + "&audience=a", "Bearer " + one.request_token).status, 401);
  EXPECT_EQ(get(other.request_url + "&audience=a", "Bearer " + other.request_token).status, 200);
}

TEST_F(OidcIssuerTest, TellsLegsOfAMatrixApart) {
  auto claims = claims_;
  claims["sub"] = "one";
  const auto one = issuer_->add_job("deploy (a & b, 1)", claims);
  claims["sub"] = "two";
  const auto two = issuer_->add_job("deploy (a & b, 2)", claims);
  EXPECT_EQ(take_apart(requested_token(one, "&audience=a")).claims["sub"], "one");
  EXPECT_EQ(take_apart(requested_token(two, "&audience=a")).claims["sub"], "two");
}

TEST_F(OidcIssuerTest, GivesNoTokenOnceTheJobIsOver) {
  const auto grant = issuer_->add_job("deploy", claims_);
  const auto other = issuer_->add_job("build", claims_);
  issuer_->remove_job("deploy");
  EXPECT_EQ(get(grant.request_url + "&audience=a", "Bearer " + grant.request_token).status, 401);
  EXPECT_EQ(get(other.request_url + "&audience=a", "Bearer " + other.request_token).status, 200);
  const auto minted = issuer_->mint("deploy", "a");
  ASSERT_FALSE(minted.ok());
  EXPECT_EQ(minted.error().kind, base::ErrorKind::denied);
  EXPECT_THAT(minted.error().message, HasSubstr("deploy"));
}

TEST_F(OidcIssuerTest, ForgetsTheOldBearerTokenWhenAJobIsAddedAgain) {
  const auto old = issuer_->add_job("deploy", claims_);
  const auto current = issuer_->add_job("deploy", claims_);
  EXPECT_EQ(get(old.request_url + "&audience=a", "Bearer " + old.request_token).status, 401);
  EXPECT_EQ(get(old.request_url + "&audience=a", "Bearer " + current.request_token).status, 200);
}

TEST_F(OidcIssuerTest, MintsForTheRunnerItselfWhatItWouldServe) {
  issuer_->add_job("deploy", claims_);
  const auto minted = issuer_->mint("deploy", "sts.amazonaws.com");
  ASSERT_TRUE(minted.ok()) << minted.error().to_string();
  const auto token = take_apart(*minted);
  EXPECT_EQ(token.claims["aud"], "sts.amazonaws.com");
  EXPECT_TRUE(is_signed_by_the_served_key(token));
}

TEST_F(OidcIssuerTest, NamesTheIssuerItIsGivenButServesKeysOnLoopback) {
  start("https://tokens.example");
  issuer_->add_job("deploy", claims_);
  EXPECT_EQ(issuer_->issuer(), "https://tokens.example");
  EXPECT_TRUE(issuer_->keys_url().starts_with("http://127.0.0.1:")) << issuer_->keys_url();
  const auto minted = issuer_->mint("deploy", "a");
  ASSERT_TRUE(minted.ok());
  EXPECT_EQ(take_apart(*minted).claims["iss"], "https://tokens.example");
  EXPECT_TRUE(is_signed_by_the_served_key(take_apart(*minted)));
}

TEST_F(OidcIssuerTest, KnowsNoOtherAddress) {
  EXPECT_EQ(get(issuer_->issuer() + "/").status, 404);
  EXPECT_EQ(get(issuer_->issuer() + "/token/deploy").status, 404);
  EXPECT_EQ(get(issuer_->issuer() + "/token").status, 401);
}

}  // namespace
}  // namespace runner
