#include "server/forge_client.h"

#include <gmock/gmock.h>

#include "tests/fakes/fake_http_client.h"

namespace {

using testing::HasSubstr;

class ForgeClientTest : public testing::Test {
 protected:
  fakes::FakeHttpClient http_;
  server::ForgeClient forge_{http_, {"https://git.example.org/", "1.2"}, {.uuid = "u", .token = "secret"}};
};

TEST_F(ForgeClientTest, CallsConnectWithTheRunnersHeaders) {
  http_.will_answer(200, R"({"tasksVersion":"2"})");
  ASSERT_TRUE(forge_.fetch_task(7, {}));
  const auto request = http_.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://git.example.org/api/actions/runner.v1.RunnerService/FetchTask");
  EXPECT_EQ(request.body, R"({"tasksVersion":"7"})");
  EXPECT_EQ(base::header_value(request.headers, "X-Runner-Uuid"), "u");
  EXPECT_EQ(base::header_value(request.headers, "X-Runner-Token"), "secret");
  EXPECT_EQ(base::header_value(request.headers, "Content-Type"), "application/json");
}

TEST_F(ForgeClientTest, TellsFaultsThatPassFromThoseThatStay) {
  const auto kind = [&](int status, const char* body) {
    http_.will_answer(status, body);
    return forge_.fetch_task(0, {}).error().kind;
  };
  EXPECT_EQ(kind(401, R"({"code":"unauthenticated","message":"unregistered runner"})"),
            base::ErrorKind::denied);
  EXPECT_EQ(kind(503, R"({"code":"unavailable"})"), base::ErrorKind::unavailable);
  EXPECT_EQ(kind(502, "<html>bad gateway</html>"), base::ErrorKind::unavailable);
  EXPECT_EQ(kind(429, ""), base::ErrorKind::unavailable);
  EXPECT_EQ(kind(404, "<html>not found</html>"), base::ErrorKind::not_found);
  EXPECT_EQ(kind(500, R"({"code":"internal","message":"pick task"})"), base::ErrorKind::remote);
}

TEST_F(ForgeClientTest, NamesTheForgesWordsButNoToken) {
  http_.will_answer(500, R"({"code":"unknown","message":"runner registration token not found"})");
  const auto enrolled = forge_.enroll({.name = "box", .token = "registration-secret"});
  ASSERT_FALSE(enrolled);
  EXPECT_THAT(enrolled.error().to_string(), HasSubstr("runner registration token not found"));
  EXPECT_THAT(enrolled.error().to_string(), Not(HasSubstr("secret")));
}

TEST_F(ForgeClientTest, TakesAClosedLogForOneThatHasAll) {
  http_.will_answer(409, R"({"code":"already_exists","message":"log file has been archived"})");
  const auto known = forge_.update_log({.task = 1, .index = 40, .rows = {{}, {}}, .no_more = true});
  ASSERT_TRUE(known);
  EXPECT_EQ(*known, 42);
}

}  // namespace
