// The expected signatures are AWS's own: the example of "Create a signed AWS API request" and cases of the
// published aws-sig-v4-test-suite.

#include "aws/sigv4.h"

#include <gmock/gmock.h>

#include "base/clock.h"

namespace aws {
namespace {

using testing::HasSubstr;
using testing::Not;

class SigV4 : public testing::Test {
 protected:
  base::HttpRequest request_of(const std::string& method, const std::string& url) {
    base::HttpRequest request;
    request.method = method;
    request.url = url;
    return request;
  }
  std::string authorization(base::HttpRequest& request) {
    sign(request, keys_, scope_);
    return base::header_value(request.headers, "Authorization").value_or("");
  }

  Credentials keys_{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "", {}};
  SigningScope scope_{"us-east-1", "service", *base::parse_basic_iso8601("20150830T123600Z")};
};

TEST_F(SigV4, SignsTheExampleOfTheDocumentation) {
  auto request = request_of("GET", "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08");
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  scope_.service = "iam";
  EXPECT_EQ(authorization(request),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

TEST_F(SigV4, SignsTheVanillaGetOfTheTestSuite) {
  auto request = request_of("GET", "https://example.amazonaws.com/");
  EXPECT_THAT(authorization(request),
              HasSubstr("5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"));
}

TEST_F(SigV4, SortsTheParametersOfAQuery) {
  auto request = request_of("GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1");
  EXPECT_THAT(authorization(request),
              HasSubstr("b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"));
}

TEST_F(SigV4, SignsTheBodyOfAForm) {
  auto request = request_of("POST", "https://example.amazonaws.com/");
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = "Param1=value1";
  EXPECT_THAT(authorization(request),
              HasSubstr("ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"));
}

TEST_F(SigV4, EncodesANonAsciiQueryOnce) {
  auto request = request_of("GET", "https://example.amazonaws.com/?%E1%88%B4=bar");
  EXPECT_THAT(authorization(request),
              HasSubstr("2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"));
}

TEST_F(SigV4, SendsAndSignsTheSessionToken) {
  auto request = request_of("POST", "https://sts.amazonaws.com/");
  keys_.session_token = "the-token";
  EXPECT_THAT(authorization(request), HasSubstr("SignedHeaders=host;x-amz-date;x-amz-security-token,"));
  EXPECT_EQ(base::header_value(request.headers, "X-Amz-Security-Token"), "the-token");
}

TEST_F(SigV4, SignsEveryAmazonHeaderButNoOther) {
  auto request = request_of("POST", "https://ecs.us-east-1.amazonaws.com/");
  request.headers = {
      {"X-Amz-Target", "A.B"}, {"User-Agent", "x"}, {"Content-Type", "application/x-amz-json-1.1"}};
  EXPECT_THAT(authorization(request), HasSubstr("SignedHeaders=content-type;host;x-amz-date;x-amz-target,"));
}

TEST_F(SigV4, SignsThePortUnlessItIsTheSchemesOwn) {
  EXPECT_EQ(host_of_url("http://127.0.0.1:4566/"), "127.0.0.1:4566");
  EXPECT_EQ(host_of_url("https://ECS.eu-central-1.amazonaws.com:443/x"), "ecs.eu-central-1.amazonaws.com");
  EXPECT_EQ(host_of_url("http://localhost:80?a=b"), "localhost");
  EXPECT_THAT(canonical_request(request_of("GET", "http://127.0.0.1:4566/")),
              HasSubstr("host:127.0.0.1:4566\n"));
}

TEST_F(SigV4, SigningAgainReplacesTheSignature) {
  auto request = request_of("GET", "https://example.amazonaws.com/");
  const std::string first = authorization(request);
  scope_.time += std::chrono::seconds(10);
  EXPECT_NE(authorization(request), first);
  EXPECT_EQ(request.headers.count("Authorization"), 1U);
  EXPECT_EQ(request.headers.count("X-Amz-Date"), 1U);
}

TEST_F(SigV4, JoinsRunsOfSpacesInHeaders) {
  auto request = request_of("GET", "https://example.amazonaws.com/");
  request.headers = {{"X-Amz-Meta", "  a   b  "}};
  EXPECT_THAT(canonical_request(request), HasSubstr("x-amz-meta:a b\n"));
}

TEST_F(SigV4, NeverPutsTheSecretIntoTheRequest) {
  auto request = request_of("POST", "https://example.amazonaws.com/");
  authorization(request);
  for (const auto& [name, value] : request.headers)
    EXPECT_THAT(value, Not(HasSubstr(keys_.secret_access_key)));
}

}  // namespace
}  // namespace aws
