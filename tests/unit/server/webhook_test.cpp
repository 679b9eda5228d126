#include "server/webhook.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/crypto.h"
#include "base/json.h"

namespace server {
namespace {

using ::testing::HasSubstr;

constexpr const char* kSecret = "It's a Secret to Everybody";
// GitHub's own example (docs "Validating webhook deliveries").
constexpr const char* kSignature = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
const base::WallTime kNow = base::from_epoch_seconds(1'800'000'000);

TEST(Webhook, IsSignedAsGitHubsExampleIs) {
  const base::Headers headers{{"X-Hub-Signature-256", std::string("sha256=") + kSignature}};
  EXPECT_TRUE(is_signed(Forge::github, headers, "Hello, World!", {kSecret}, kNow));
  EXPECT_FALSE(is_signed(Forge::github, headers, "Hello, World?", {kSecret}, kNow));
  EXPECT_FALSE(is_signed(Forge::github, {}, "Hello, World!", {kSecret}, kNow));
}

TEST(Webhook, IsSignedByTheOldSecretWhileItIsRotated) {
  const base::Headers headers{{"X-Hub-Signature-256", std::string("sha256=") + kSignature}};
  EXPECT_TRUE(is_signed(Forge::github, headers, "Hello, World!", {"new", kSecret}, kNow));
  EXPECT_FALSE(is_signed(Forge::github, headers, "Hello, World!", {}, kNow));
  EXPECT_FALSE(is_signed(Forge::github, headers, "Hello, World!", {""}, kNow));
}

TEST(Webhook, OfGiteaAndForgejoHasBareHex) {
  for (const auto* name : {"X-Gitea-Signature", "X-Forgejo-Signature"}) {
    const base::Headers headers{{name, kSignature}};
    EXPECT_TRUE(is_signed(Forge::gitea, headers, "Hello, World!", {kSecret}, kNow));
    EXPECT_FALSE(is_signed(Forge::gitea, headers, "", {kSecret}, kNow));
  }
}

TEST(Webhook, OfGitLabHasATokenOrAStandardSignature) {
  EXPECT_TRUE(is_signed(Forge::gitlab, {{"X-Gitlab-Token", "t0ken"}}, "{}", {"t0ken"}, kNow));
  EXPECT_FALSE(is_signed(Forge::gitlab, {{"X-Gitlab-Token", "t0keN"}}, "{}", {"t0ken"}, kNow));
  const auto sign = [](const std::string& time) {
    const auto mac = base::hmac_sha256("key", "msg_1." + time + ".{}");
    return base::Headers{{"webhook-id", "msg_1"},
                         {"webhook-timestamp", time},
                         {"webhook-signature", "v1,AAAA v1," + base::base64_encode(base::as_text(mac))}};
  };
  const auto secret = "whsec_" + base::base64_encode("key");
  EXPECT_TRUE(is_signed(Forge::gitlab, sign("1800000100"), "{}", {secret}, kNow));
  EXPECT_FALSE(is_signed(Forge::gitlab, sign("1799990000"), "{}", {secret}, kNow)) << "a replay";
  EXPECT_FALSE(is_signed(Forge::gitlab, sign("1800000100"), "{ }", {secret}, kNow));
}

TEST(Webhook, IsReadFromJsonAndFromAForm) {
  base::Headers headers{{"X-GitHub-Event", "push"}, {"X-GitHub-Delivery", "guid"}};
  const std::string json = R"({"ref":"refs/heads/a b","repository":{"full_name":"acme/shop"}})";
  headers.emplace("Content-Type", "application/json; charset=utf-8");
  auto hook = read_hook(Forge::github, headers, json);
  ASSERT_TRUE(hook.ok());
  EXPECT_EQ(hook->repository, "acme/shop");
  EXPECT_EQ(hook->payload, json);
  headers.erase("Content-Type");
  headers.emplace("Content-Type", "application/x-www-form-urlencoded");
  hook = read_hook(
      Forge::github, headers,
      "payload=%7B%22ref%22%3A%22x+y%22%2C%22repository%22%3A%7B%22full_name%22%3A%22a%2Fb%22%7D%7D");
  ASSERT_TRUE(hook.ok());
  EXPECT_EQ(hook->repository, "a/b");
}

TEST(Webhook, ThatIsNoDeliveryIsRefusedWithAReason) {
  const base::Headers type{{"Content-Type", "application/json"}};
  auto headers = type;
  EXPECT_THAT(read_hook(Forge::github, headers, "{}").error().message, HasSubstr("names the event"));
  headers.emplace("X-GitHub-Event", "push");
  EXPECT_THAT(read_hook(Forge::github, headers, "{}").error().message, HasSubstr("delivery's id"));
  headers.emplace("X-GitHub-Delivery", "g");
  EXPECT_FALSE(read_hook(Forge::github, headers, "{\"ref\":").ok());
  EXPECT_THAT(read_hook(Forge::github, headers, "[]").error().message, HasSubstr("to be an object"));
  EXPECT_FALSE(is_hook_type({{"Content-Type", "text/plain"}}));
}

TEST(Webhook, MeansTheSameFromTheAppAndFromTheRepository) {
  const auto own = *base::parse_json(R"({"action":"opened","repository":{"full_name":"A/b"}})");
  const auto app =
      *base::parse_json(R"({"action":"opened","repository":{"full_name":"A/b"},"installation":{"id":1}})");
  EXPECT_EQ(meaning_of("issues", "A/b", own), meaning_of("issues", "a/b", app));
  EXPECT_NE(meaning_of("issues", "A/b", own), meaning_of("issue_comment", "a/b", app));
}

TEST(Webhook, OfAPushMeansItsRefAndCommitsHoweverItIsTold) {
  const auto hook =
      *base::parse_json(R"({"ref":"refs/heads/m","before":"1","after":"2","pusher":{"name":"x"}})");
  const auto poll = *base::parse_json(R"({"ref":"refs/heads/m","before":"1","after":"2"})");
  EXPECT_EQ(meaning_of("push", "a/b", hook), meaning_of("push", "a/b", poll));
}

TEST(Webhook, OfGiteaSpeaksOfSynchronizedPullRequests) {
  const base::Headers headers{{"Content-Type", "application/json"},
                              {"X-Gitea-Event", "pull_request_sync"},
                              {"X-Gitea-Delivery", "g"}};
  const auto hook = read_hook(Forge::gitea, headers, R"({"action":"synchronized"})");
  ASSERT_TRUE(hook.ok());
  EXPECT_EQ(hook->event, "pull_request");
  EXPECT_EQ(hook->payload, R"({"action":"synchronize"})");
}

TEST(Webhook, OfGitLabIsToldInGitHubsWords) {
  base::Headers headers{{"Content-Type", "application/json"},
                        {"X-Gitlab-Event", "Merge Request Hook"},
                        {"X-Gitlab-Event-UUID", "g"}};
  auto hook = read_hook(Forge::gitlab, headers, R"({"object_kind":"merge_request","user":{"username":"ann"},
    "project":{"path_with_namespace":"g/p","default_branch":"trunk"},
    "object_attributes":{"iid":7,"action":"update","oldrev":"1","source_branch":"topic","target_branch":"trunk",
      "last_commit":{"id":"abc"},"source":{"path_with_namespace":"f/p"},"target":{"path_with_namespace":"g/p"}}})");
  ASSERT_TRUE(hook.ok());
  EXPECT_EQ(hook->event, "pull_request");
  EXPECT_EQ(hook->repository, "g/p");
  auto payload = *base::parse_json(hook->payload);
  EXPECT_EQ(payload["action"], "synchronize");
  EXPECT_EQ(payload["pull_request"]["head"]["sha"], "abc");
  EXPECT_EQ(payload["pull_request"]["head"]["repo"]["full_name"], "f/p");
  EXPECT_EQ(payload["sender"]["login"], "ann");
  hook = read_hook(Forge::gitlab, headers,
                   R"({"object_kind":"tag_push","ref":"refs/tags/v1","before":"0","after":"9",
    "checkout_sha":"8","user_username":"ann","project":{"path_with_namespace":"g/p"}})");
  ASSERT_TRUE(hook.ok());
  payload = *base::parse_json(hook->payload);
  EXPECT_EQ(hook->event, "push");
  EXPECT_EQ(payload["head_commit"]["id"], "8");
}

}  // namespace
}  // namespace server
