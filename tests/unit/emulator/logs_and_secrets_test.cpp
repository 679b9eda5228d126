#include <gtest/gtest.h>

#include "emulator/logs_service.h"
#include "emulator/secrets_service.h"
#include "tests/fakes/fake_clock.h"

namespace emulator {
namespace {

std::string code_of(const ApiResult& result) {
  const auto* failed = std::get_if<ApiFailure>(&result);
  return failed == nullptr ? "" : failed->code;
}

class LogsTest : public testing::Test {
 protected:
  LogsTest()
      : folder_(*base::TempDir::create("logs-test")),
        store_(folder_.path(), clock_),
        table_(make_logs_service(store_, "123456789012", "eu-central-1")) {
    store_.create_group("/ecs/items");
    store_.create_stream("/ecs/items", "items/app/1");
  }
  ApiResult call(const std::string& operation, base::Json input) {
    return table_.operations.at(operation)({.operation = operation, .input = std::move(input)});
  }
  std::vector<std::string> messages(const ApiResult& result) {
    std::vector<std::string> texts;
    for (const auto& event : std::get<base::Json>(result)["events"])
      texts.push_back(base::json_string(event, "message"));
    return texts;
  }
  fakes::FakeClock clock_;
  base::TempDir folder_;
  LogStore store_;
  ServiceTable table_;
};

TEST_F(LogsTest, GivesTheLastLinesOrTheFirstAndGoesOnFromATokens) {
  for (const char* line : {"one", "two", "three"}) store_.append("/ecs/items", "items/app/1", line);
  const base::Json stream = {{"logGroupName", "/ecs/items"}, {"logStreamName", "items/app/1"}, {"limit", 2}};
  EXPECT_EQ(messages(call("GetLogEvents", stream)), (std::vector<std::string>{"two", "three"}));
  auto head = stream;
  head["startFromHead"] = true;
  const auto first = call("GetLogEvents", head);
  EXPECT_EQ(messages(first), (std::vector<std::string>{"one", "two"}));
  auto next = stream;
  next["nextToken"] = std::get<base::Json>(first)["nextForwardToken"];
  EXPECT_EQ(messages(call("GetLogEvents", next)), std::vector<std::string>{"three"});
}

TEST_F(LogsTest, FindsWordsAndPhrasesAndLeavesOutOthers) {
  for (const char* line : {"GET /health 200", "GET /items 500", "ERROR no database"}) {
    store_.append("/ecs/items", "items/app/1", line);
    clock_.advance(std::chrono::milliseconds(5));
  }
  const auto find = [&](const char* pattern) {
    return messages(call("FilterLogEvents", {{"logGroupName", "/ecs/items"}, {"filterPattern", pattern}}));
  };
  EXPECT_EQ(find("GET -500"), std::vector<std::string>{"GET /health 200"});
  EXPECT_EQ(find("\"no database\""), std::vector<std::string>{"ERROR no database"});
  EXPECT_EQ(find("").size(), 3U);
  EXPECT_EQ(
      code_of(call("FilterLogEvents", {{"logGroupName", "/ecs/items"}, {"filterPattern", "{ $.a = 1 }"}})),
      "InvalidParameterException");
}

TEST_F(LogsTest, NamesWhatIsMissing) {
  EXPECT_EQ(code_of(call("GetLogEvents", {{"logGroupName", "/none"}, {"logStreamName", "x"}})),
            "ResourceNotFoundException");
  EXPECT_EQ(code_of(call("CreateLogGroup", {{"logGroupName", "/ecs/items"}})),
            "ResourceAlreadyExistsException");
}

TEST_F(LogsTest, KeepsNamesInsideItsFolder) {
  store_.create_group("../../escape");
  store_.create_stream("../../escape", "../x");
  store_.append("../../escape", "../x", "line");
  EXPECT_EQ(store_.read("../../escape", "../x").size(), 1U);
  EXPECT_FALSE(base::exists(folder_.path().parent_path() / "escape"));
  EXPECT_FALSE(base::exists(folder_.path() / "x.jsonl"));
}

TEST(SecretStoreTest, ResolvesWhatContainersName) {
  fakes::FakeClock clock;
  const auto seed = base::parse_json(
      R"({"secrets": [{"name": "db", "value": {"user": "u", "password": "p"}}], "parameters": [{"name": "/app/level", "value": "info"}]})");
  const auto store = *SecretStore::from_seed(*seed, "123456789012", "eu-central-1", clock);
  EXPECT_EQ(store->resolve(store->secret_arn("db") + ":password::").value_or(""), "p");
  EXPECT_EQ(store->resolve("/app/level").value_or(""), "info");
  EXPECT_EQ(store->resolve(store->parameter_arn("/app/level")).value_or(""), "info");
  EXPECT_FALSE(store->resolve(store->secret_arn("other")));
  EXPECT_FALSE(store->resolve(store->secret_arn("db") + ":none::"));
  EXPECT_FALSE(store->resolve("/app/none"));
}

TEST(SecretStoreTest, HidesASecureStringUntilItIsAskedToDecrypt) {
  fakes::FakeClock clock;
  const auto seed =
      base::parse_json(R"({"parameters": [{"name": "key", "value": "hidden", "type": "SecureString"}]})");
  const auto store = *SecretStore::from_seed(*seed, "123456789012", "eu-central-1", clock);
  const auto ssm = make_ssm_service(*store);
  const auto value = [&](base::Json input) {
    const auto result =
        ssm.operations.at("GetParameter")({.operation = "GetParameter", .input = std::move(input)});
    return base::json_string(std::get<base::Json>(result)["Parameter"], "Value");
  };
  EXPECT_NE(value({{"Name", "key"}}), "hidden");
  EXPECT_EQ(value({{"Name", "key"}, {"WithDecryption", true}}), "hidden");
}

TEST(SecretStoreTest, NamesTheSeedsEntryThatHasNoName) {
  fakes::FakeClock clock;
  const auto seed = base::parse_json(R"({"secrets": [{"value": "x"}]})");
  const auto store = SecretStore::from_seed(*seed, "123456789012", "eu-central-1", clock);
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("secrets"), std::string::npos);
}

}  // namespace
}  // namespace emulator
