#include "emulator/emulator.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace emulator {
namespace {

class WholeEmulatorTest : public testing::Test {
 protected:
  WholeEmulatorTest()
      : folder_(*base::TempDir::create("emulator-test")), http_(base::make_curl_http_client()) {}

  base::Result<std::unique_ptr<Emulator>> start(const char* seed = R"({"repositories": ["items"]})") {
    seed_ = *base::parse_json(seed);
    return Emulator::start({.state_folder = folder_.path() / "state",
                            .seed = &seed_,
                            .clock = &base::system_clock(),
                            .http = http_.get()});
  }
  base::HttpResponse send(const Emulator& emulator, const std::string& method, const std::string& path,
                          const std::string& token = "", std::string body = "", base::Headers headers = {}) {
    base::HttpRequest request{
        .method = method, .url = emulator.endpoint() + path, .headers = std::move(headers)};
    request.body = std::move(body);
    if (!token.empty()) request.headers.emplace("Authorization", "Bearer " + token);
    return *http_->send(request);
  }

  base::TempDir folder_;
  base::Json seed_;
  std::unique_ptr<base::HttpClient> http_;
};

TEST_F(WholeEmulatorTest, AnswersItsOwnerAndNobodyElse) {
  const auto emulator = start();
  ASSERT_TRUE(emulator) << emulator.error().to_string();
  EXPECT_EQ(send(**emulator, "GET", "/_emulator/status").status, 403);
  EXPECT_EQ(send(**emulator, "GET", "/_emulator/status", "guess").status, 403);
  const auto status = send(**emulator, "GET", "/_emulator/status", (*emulator)->owner_token());
  EXPECT_EQ(status.status, 200);
  EXPECT_NE(status.body.find("\"items\""), std::string::npos);
  EXPECT_FALSE((*emulator)->shutdown_requested());
  EXPECT_EQ(send(**emulator, "POST", "/_emulator/shutdown", "guess").status, 403);
  EXPECT_FALSE((*emulator)->shutdown_requested());
  EXPECT_EQ(send(**emulator, "POST", "/_emulator/shutdown", (*emulator)->owner_token()).status, 200);
  EXPECT_TRUE((*emulator)->shutdown_requested());
}

TEST_F(WholeEmulatorTest, HoldsItsStateFolderAlone) {
  const auto first = start();
  ASSERT_TRUE(first);
  const auto second = start();
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("another emulator runs"), std::string::npos);
}

TEST_F(WholeEmulatorTest, RefusesUnsignedAndUnknownCallsInTheCallersProtocol) {
  const auto emulator = start();
  ASSERT_TRUE(emulator);
  const auto json = send(**emulator, "POST", "/", "", "{}",
                         {{"X-Amz-Target", "AmazonEC2ContainerServiceV20141113.ListClusters"}});
  EXPECT_NE(json.body.find("MissingAuthenticationToken"), std::string::npos) << json.body;
  const auto unknown =
      send(**emulator, "POST", "/", "", "{}", {{"X-Amz-Target", "DynamoDB_20120810.ListTables"}});
  EXPECT_NE(unknown.body.find("UnknownOperationException"), std::string::npos);
  const auto query = send(**emulator, "POST", "/", "", "Action=Dance&Version=2010-01-01");
  EXPECT_NE(query.body.find("<Code>InvalidAction</Code>"), std::string::npos) << query.body;
}

TEST_F(WholeEmulatorTest, NamesTheMemberOfASeedThatIsWrong) {
  const auto emulator = start(R"({"account": 12})");
  ASSERT_FALSE(emulator);
  EXPECT_NE(emulator.error().message.find("account"), std::string::npos);
}

}  // namespace
}  // namespace emulator
