#include "emulator/request_auth.h"

#include <gtest/gtest.h>

#include "aws/sigv4.h"
#include "tests/fakes/fake_clock.h"

namespace emulator {
namespace {

const aws::Credentials kSession{"ASIASESSION", "secret", "token"};

std::optional<AccessKey> find_key(const std::string& id) {
  if (id == "AKIAUSER") return AccessKey{.secret = "secret", .principal = {.arn = "user"}};
  if (id == "ASIASESSION") {
    return AccessKey{
        .secret = "secret", .session_token = "token", .expires_at = 4e9, .principal = {.arn = "session"}};
  }
  return std::nullopt;
}

/// What the server would see of a request that our own client signed.
struct Sent {
  explicit Sent(const aws::Credentials& credentials = kSession, std::string text = "{}")
      : body(std::move(text)) {
    base::HttpRequest outgoing{.method = "POST", .url = "http://127.0.0.1:4566/?b=2&a=1", .body = body};
    outgoing.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                        {"X-Amz-Target", "Service.Operation"}};
    aws::sign(outgoing, credentials, {"eu-central-1", "ecs", clock.now()});
    request.method = "POST";
    request.path = "/";
    request.target = "/?b=2&a=1";
    request.query = "b=2&a=1";
    request.headers = outgoing.headers;
    request.headers.emplace("Host", "127.0.0.1:4566");
  }
  std::variant<Signed, ApiFailure> check() { return check_signature(request, body, find_key, clock.now()); }
  std::string code() {
    const auto result = check();
    const auto* failed = std::get_if<ApiFailure>(&result);
    return failed == nullptr ? "" : failed->code;
  }
  void replace_header(const char* name, const char* value) {
    request.headers.erase(name);
    request.headers.emplace(name, value);
  }
  fakes::FakeClock clock;
  std::string body;
  base::ServerRequest request;
};

TEST(RequestAuth, KnowsWhoSigned) {
  Sent sent;
  const auto result = sent.check();
  ASSERT_TRUE(std::holds_alternative<Signed>(result)) << std::get<ApiFailure>(result).message;
  EXPECT_EQ(std::get<Signed>(result).principal.arn, "session");
  EXPECT_EQ(std::get<Signed>(result).region, "eu-central-1");
  EXPECT_EQ(std::get<Signed>(result).service, "ecs");
}

TEST(RequestAuth, RefusesAChangedBodyHeaderOrQuery) {
  Sent body;
  body.body = "{ }";
  EXPECT_EQ(body.code(), "InvalidSignatureException");
  Sent header;
  header.replace_header("X-Amz-Target", "Service.Another");
  EXPECT_EQ(header.code(), "InvalidSignatureException");
  Sent query;
  query.request.query = "b=2&a=3";
  query.request.target = "/?b=2&a=3";
  EXPECT_EQ(query.code(), "InvalidSignatureException");
}

TEST(RequestAuth, RefusesAWrongSecretAndAnUnknownKey) {
  EXPECT_EQ(Sent({"AKIAUSER", "another", ""}).code(), "InvalidSignatureException");
  EXPECT_EQ(Sent({"AKIANOBODY", "secret", ""}).code(), "UnrecognizedClientException");
}

TEST(RequestAuth, WantsTheTokenOfASession) {
  EXPECT_EQ(Sent({"ASIASESSION", "secret", ""}).code(), "UnrecognizedClientException");
  EXPECT_EQ(Sent({"ASIASESSION", "secret", "stolen"}).code(), "UnrecognizedClientException");
}

TEST(RequestAuth, RefusesWhatIsTooOldOrUnsigned) {
  Sent old;
  old.clock.advance(std::chrono::minutes(16));
  EXPECT_EQ(old.code(), "InvalidSignatureException");
  Sent bare;
  bare.request.headers.erase("Authorization");
  EXPECT_EQ(bare.code(), "MissingAuthenticationTokenException");
}

TEST(RequestAuth, SurvivesAuthorizationHeadersOfAnyShape) {
  for (const char* value :
       {"", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=", "Basic eA==",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=;;, Signature=zz",
        "AWS4-HMAC-SHA256 Credential=AKIAUSER/20260101/r/s/aws4_request,SignedHeaders=host,Signature="}) {
    Sent sent;
    sent.replace_header("Authorization", value);
    EXPECT_NE(sent.code(), "") << value;
  }
}

}  // namespace
}  // namespace emulator
