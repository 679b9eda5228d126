#include "server/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/crypto.h"
#include "base/json.h"

namespace server {
namespace {

using ::testing::HasSubstr;

class RoutesTest : public ::testing::Test {
 protected:
  RoutesTest() {
    config_.tokens = {{"eyes", Scope::read, base::sha256_hex("look")},
                      {"ops", Scope::admin, base::sha256_hex("all")}};
    routes_.add("GET", "/api/runs/{id}", Access::read, [](const Call& call) {
      return json_answer(200, {{"id", call.number("id")}, {"by", call.caller}});
    });
    routes_.add("POST", "/api/runs/{id}/cancel", Access::run,
                [](const Call&) { return json_answer(202, base::Json::object()); });
  }
  base::ServerResponse ask(const std::string& method, const std::string& target, const std::string& token) {
    base::ServerRequest request{.method = method, .path = target, .target = target};
    if (!token.empty()) request.headers.emplace("Authorization", "Bearer " + token);
    return routes_.answer(request);
  }
  Config config_;
  Routes routes_{config_};
};

TEST_F(RoutesTest, FindTheHandlerAndItsParts) {
  const auto answer = ask("GET", "/api/runs/17?x=1", "look");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "{\"id\":17,\"by\":\"eyes\"}\n");
}

TEST_F(RoutesTest, AskForATokenOfTheScope) {
  EXPECT_EQ(ask("GET", "/api/runs/17", "").status, 401);
  EXPECT_EQ(ask("GET", "/api/runs/17", "wrong").status, 401);
  EXPECT_EQ(ask("POST", "/api/runs/17/cancel", "look").status, 403);
  EXPECT_EQ(ask("POST", "/api/runs/17/cancel", "all").status, 202);
}

TEST_F(RoutesTest, LetEverybodyReadWhereTheConfigurationSaysSo) {
  config_.public_read = true;
  EXPECT_EQ(ask("GET", "/api/runs/17", "").status, 200);
  EXPECT_EQ(ask("POST", "/api/runs/17/cancel", "").status, 401);
}

TEST_F(RoutesTest, SayWhatThereIsNotAndWhichMethodIsMeant) {
  EXPECT_EQ(ask("GET", "/api/run/17", "look").status, 404);
  const auto answer = ask("DELETE", "/api/runs/17", "look");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(base::header_value(answer.headers, "Allow"), "GET");
}

}  // namespace
}  // namespace server
