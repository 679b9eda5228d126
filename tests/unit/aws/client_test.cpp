#include "aws/client.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_http_client.h"

namespace aws {
namespace {

using base::ErrorKind;
using base::Json;
using testing::HasSubstr;

class AwsClient : public testing::Test {
 protected:
  Client make(int attempts = 3) {
    ClientOptions options;
    options.http = &http_;
    options.clock = &clock_;
    options.region = "eu-central-1";
    options.credentials = Credentials{"AKIA1", "secret", "", {}};
    options.attempts = attempts;
    options.stop = stop_.get_token();
    return Client(std::move(options));
  }
  base::Result<Json> call(Client client) {
    return client.call_json(kEcs, "AmazonEC2ContainerServiceV20141113.DescribeServices", {{"cluster", "c"}});
  }

  fakes::FakeHttpClient http_;
  fakes::FakeClock clock_;
  std::stop_source stop_;
};

TEST_F(AwsClient, SendsASignedJsonCall) {
  http_.will_answer(200, R"({"services":[]})");
  const auto answer = call(make());
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_TRUE(answer->contains("services"));
  const auto request = http_.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://ecs.eu-central-1.amazonaws.com/");
  EXPECT_EQ(request.body, R"({"cluster":"c"})");
  EXPECT_EQ(base::header_value(request.headers, "X-Amz-Target"),
            "AmazonEC2ContainerServiceV20141113.DescribeServices");
  EXPECT_EQ(base::header_value(request.headers, "Content-Type"), "application/x-amz-json-1.1");
  EXPECT_THAT(base::header_value(request.headers, "Authorization").value_or(""),
              HasSubstr("Credential=AKIA1/20260102/eu-central-1/ecs/aws4_request"));
}

TEST_F(AwsClient, ReadsWhatStandsWithinTheResultOfAQueryCall) {
  http_.will_answer(
      200,
      "<DescribeTargetHealthResponse><DescribeTargetHealthResult><TargetHealthDescriptions><member>"
      "<TargetHealth><State>healthy</State></TargetHealth></member></TargetHealthDescriptions>"
      "</DescribeTargetHealthResult></DescribeTargetHealthResponse>");
  const auto answer = make().call_query(kElasticLoadBalancing, "2015-12-01", "DescribeTargetHealth",
                                        {{"TargetGroupArn", "arn:aws:x/y z"}});
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(base::to_text(*answer), R"({"TargetHealthDescriptions":[{"TargetHealth":{"State":"healthy"}}]})");
  EXPECT_EQ(http_.requests().at(0).body,
            "Action=DescribeTargetHealth&Version=2015-12-01&TargetGroupArn=arn%3Aaws%3Ax%2Fy%20z");
}

TEST_F(AwsClient, KeepsCodeAndMessageOfAnErrorInJson) {
  http_.will_answer(
      400, R"({"__type":"com.amazonaws.ecs#ClusterNotFoundException","message":"Cluster not found."})");
  const auto answer = call(make());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::remote);
  EXPECT_EQ(answer.error().code, "ClusterNotFoundException");
  EXPECT_EQ(answer.error().message, "Cluster not found.");
  EXPECT_EQ(http_.requests().size(), 1U) << "a refusal is not tried again";
}

TEST_F(AwsClient, KeepsCodeAndMessageOfAnErrorInXml) {
  http_.will_answer(
      403,
      "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized to "
      "perform sts:AssumeRoleWithWebIdentity</Message></Error></ErrorResponse>");
  const auto answer = make().call_query(kSts, "2011-06-15", "AssumeRoleWithWebIdentity", {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::denied);
  EXPECT_EQ(answer.error().code, "AccessDenied");
  EXPECT_EQ(answer.error().message, "Not authorized to perform sts:AssumeRoleWithWebIdentity");
  EXPECT_EQ(http_.requests().size(), 1U);
}

TEST_F(AwsClient, TakesTheCodeFromTheHeaderWhenTheBodyHasNone) {
  http_.will_answer(400, "{}", {{"x-amzn-ErrorType", "InvalidParameterException:http://internal/"}});
  EXPECT_EQ(call(make()).error().code, "InvalidParameterException");
}

TEST_F(AwsClient, SaysWhatCameWhenItIsNoAwsError) {
  http_.will_answer(418, "<html>teapot");
  EXPECT_THAT(call(make()).error().message,
              HasSubstr("HTTP 418 with a body that is no AWS error: <html>teapot"));
}

TEST_F(AwsClient, TriesAgainAfterThrottlingWithASignatureOfItsOwn) {
  http_.will_answer(400, R"({"__type":"ThrottlingException","message":"Rate exceeded"})");
  http_.will_answer(200, "{}");
  ASSERT_TRUE(call(make()));
  ASSERT_EQ(clock_.sleeps().size(), 1U);
  EXPECT_LE(clock_.sleeps()[0], std::chrono::seconds(2));
  EXPECT_EQ(http_.requests().at(1).headers.count("Authorization"), 1U);
}

TEST_F(AwsClient, TriesAgainAfterFaultsOfTheServerOrTheLine) {
  http_.will_answer(503, "");
  http_.will_answer(base::make_error(ErrorKind::unavailable, "connection refused"));
  http_.will_answer(200, "{}");
  EXPECT_TRUE(call(make()));
}

TEST_F(AwsClient, GivesUpAfterItsAttempts) {
  for (int i = 0; i < 3; ++i) http_.will_answer(500, R"({"__type":"ServerException","message":"oops"})");
  const auto answer = call(make());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(answer.error().code, "ServerException");
  EXPECT_EQ(http_.requests().size(), 3U);
  EXPECT_EQ(clock_.sleeps().size(), 2U);
}

TEST_F(AwsClient, StopsWaitingWhenItIsCancelled) {
  fakes::FakeHttpClient failing([this](const base::HttpRequest&) -> fakes::FakeHttpClient::Answer {
    stop_.request_stop();
    return base::HttpResponse{503, {}, ""};
  });
  ClientOptions options = make().options();
  options.http = &failing;
  const auto answer = call(Client(options));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::cancelled);
  EXPECT_EQ(failing.requests().size(), 1U);
}

TEST_F(AwsClient, SendsNothingWithoutARegion) {
  ClientOptions options = make().options();
  options.region.clear();
  const auto answer = call(Client(options));
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("no AWS region is set"));
  EXPECT_TRUE(http_.requests().empty());
}

TEST_F(AwsClient, AnAnswerThatIsNoJsonIsAnError) {
  http_.will_answer(200, "<html>");
  EXPECT_THAT(call(make()).error().to_string(), HasSubstr("reading the answer to AmazonEC2ContainerService"));
}

}  // namespace
}  // namespace aws
