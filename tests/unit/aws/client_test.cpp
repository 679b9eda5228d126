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

TEST_F(AwsClient, TakesTheNumberOfAttemptsFromTheEnvironment) {
  for (int i = 0; i < 5; ++i) http_.will_answer(500, "");
  ClientOptions options = make().options();
  options.attempts.reset();
  options.environment["AWS_MAX_ATTEMPTS"] = "5";
  EXPECT_FALSE(call(Client(options)));
  EXPECT_EQ(http_.requests().size(), 5U);
}

TEST_F(AwsClient, StopsTryingWhenAllCallsFail) {
  fakes::FakeHttpClient failing([](const base::HttpRequest&) -> fakes::FakeHttpClient::Answer {
    return base::HttpResponse{503, {}, ""};
  });
  ClientOptions options = make().options();
  options.http = &failing;
  const Client client(options);
  for (int i = 0; i < 60; ++i) EXPECT_FALSE(call(client));
  // 500 tokens pay for 100 retries; without them each call would make two.
  EXPECT_EQ(failing.requests().size(), 60U + 100U);
}

TEST_F(AwsClient, SignsByAwssClockWhenOursIsWrong) {
  http_.will_answer(403, R"({"__type":"InvalidSignatureException","message":"Signature expired"})",
                    {{"Date", "Fri, 02 Jan 2026 05:04:05 GMT"}});
  http_.will_answer(200, "{}");
  http_.will_answer(200, "{}");
  Client client = make();
  ASSERT_TRUE(call(client));
  ASSERT_TRUE(call(client));
  const auto dates = [&](std::size_t i) {
    return base::header_value(http_.requests().at(i).headers, "X-Amz-Date").value_or("");
  };
  EXPECT_EQ(dates(0), "20260102T030405Z");
  EXPECT_EQ(dates(1), "20260102T050405Z");
  EXPECT_EQ(dates(2), "20260102T050405Z") << "and remembers it";
}

TEST_F(AwsClient, AWrongSignatureIsNoMatterOfTheClockWhenTheClocksAgree) {
  http_.will_answer(403, R"({"__type":"InvalidSignatureException","message":"does not match"})",
                    {{"Date", "Fri, 02 Jan 2026 03:05:05 GMT"}});
  EXPECT_EQ(call(make()).error().code, "InvalidSignatureException");
  EXPECT_EQ(http_.requests().size(), 1U);
}

TEST_F(AwsClient, RenewsCredentialsThatAwsCallsExpired) {
  http_.will_answer(400, R"({"__type":"ExpiredTokenException","message":"expired"})");
  http_.will_answer(200, "{}");
  ClientOptions options = make().options();
  options.credentials = CredentialSource(Credentials{"OLD", "s", "t", {}}, []() -> base::Result<Credentials> {
    return Credentials{"NEW", "s", "t", {}};
  });
  ASSERT_TRUE(call(Client(options)));
  EXPECT_THAT(base::header_value(http_.requests().at(1).headers, "Authorization").value_or(""),
              HasSubstr("Credential=NEW/"));
}

TEST_F(AwsClient, GoesThroughTheProxyOfTheEnvironment) {
  http_.will_answer(200, "{}");
  http_.will_answer(200, "{}");
  ClientOptions options = make().options();
  options.environment = {{"HTTPS_PROXY", "http://proxy:3128"}, {"AWS_CA_BUNDLE", "/etc/ca.pem"}};
  ASSERT_TRUE(call(Client(options)));
  EXPECT_EQ(http_.requests().at(0).proxy, "http://proxy:3128");
  EXPECT_EQ(http_.requests().at(0).tls.ca_file, "/etc/ca.pem");
  options.environment["NO_PROXY"] = ".amazonaws.com";
  ASSERT_TRUE(call(Client(options)));
  EXPECT_EQ(http_.requests().at(1).proxy, "");
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

TEST_F(AwsClient, WaitsForTheAnswerToWhatChangesSomethingAndBeginsNothingAfterAStop) {
  std::vector<bool> could_be_cut;
  fakes::FakeHttpClient stopped([&](const base::HttpRequest& request) -> fakes::FakeHttpClient::Answer {
    stop_.request_stop();
    could_be_cut.push_back(request.stop.stop_possible());
    return base::HttpResponse{could_be_cut.size() == 1 ? 503 : 200, {}, R"({"service":{}})"};
  });
  ClientOptions options = make().options();
  options.http = &stopped;
  Client client(options);
  const auto change = [&] {
    return client.change_json(kEcs, "AmazonEC2ContainerServiceV20141113.UpdateService", Json::object());
  };
  ASSERT_TRUE(change()) << "the first one goes to its end, with its repetition";
  EXPECT_THAT(could_be_cut, testing::ElementsAre(false, false));
  EXPECT_EQ(change().error().kind, ErrorKind::cancelled);
  EXPECT_EQ(stopped.requests().size(), 2U);
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
