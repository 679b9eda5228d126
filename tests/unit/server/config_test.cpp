#include "server/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace server {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string problem_of(const std::string& text) {
  const auto config = parse_config("serve.yml", text);
  return config ? "" : config.error().to_string();
}

TEST(ServerConfig, ReadsEveryKey) {
  const auto config = parse_config("/etc/pipeline/serve.yml", R"(
listen: 0.0.0.0:8080
external-url: https://ci.example.org
capacity: 3
labels: [linux, arm]
hooks:
  github:
    secrets: ["file:hook.secret", "env:OLD_SECRET"]
tokens:
  ops: {scope: admin, digest: 9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08}
repositories:
  acme/shop:
    forge: gitea
    url: https://git.example.org/acme/shop.git
    user: ci
    credential: env:SHOP_TOKEN
    default-branch: trunk
    poll-seconds: 30
    forks: refuse
    priority: 5
    secrets-file: shop.env
    variables: {REGION: eu-west-1}
  acme/lib: {hook: 12}
retention: {runs-days: 10, runs: 20, logs-days: 5, deliveries-days: 7, deliveries: 50}
disk: {soft-mib: 200, hard-mib: 100}
)");
  ASSERT_TRUE(config.ok()) << config.error().to_string();
  EXPECT_EQ(config->address, "0.0.0.0");
  EXPECT_EQ(config->port, 8080);
  EXPECT_EQ(config->capacity, 3);
  EXPECT_EQ(config->retention.run_days, 10);
  EXPECT_EQ(config->retention.deliveries, 50);
  EXPECT_EQ(config->disk.hard, 100U << 20U);
  EXPECT_EQ(config->find_repository("acme/lib")->hook, 12);
  EXPECT_THAT(config->labels, ElementsAre("linux", "arm"));
  ASSERT_EQ(config->hook_secrets.at(Forge::github).size(), 2U);
  EXPECT_EQ(config->hook_secrets.at(Forge::github)[0].name, "/etc/pipeline/hook.secret");
  EXPECT_EQ(config->tokens.at(0).scope, Scope::admin);
  EXPECT_THAT(config->tokens.at(0).digest, StartsWith("9f86d0"));
  const auto* shop = config->find_repository("Acme/Shop");
  ASSERT_NE(shop, nullptr);
  EXPECT_EQ(shop->forge, Forge::gitea);
  EXPECT_EQ(shop->default_branch, "trunk");
  EXPECT_EQ(shop->poll_seconds, 30);
  EXPECT_EQ(shop->forks, ForkPolicy::refuse);
  EXPECT_EQ(shop->credential.kind, SecretSource::Kind::environment);
  EXPECT_THAT(shop->secrets_file, EndsWith("/shop.env"));
  EXPECT_EQ(shop->variables.at("REGION"), "eu-west-1");
}

TEST(ServerConfig, SaysWhereAWrongKeyIsAndWhatWasMeant) {
  EXPECT_THAT(problem_of("repositories:\n  a/b:\n    poll-second: 3\n"),
              HasSubstr("serve.yml:3:5: unknown key 'poll-second'; did you mean poll-seconds?"));
}

TEST(ServerConfig, IgnoresNothingThatItCannotUse) {
  EXPECT_THAT(problem_of("repositories:\n  a/b: {variables: [X]}\n"),
              HasSubstr("2:20: expected a text for each name"));
  EXPECT_THAT(problem_of("hooks: {github: {secrets: []}}\nrepositories: {}\n"),
              HasSubstr("1:27: expected one secret or more"));
  EXPECT_THAT(problem_of("repositories:\n  a/b: {}\n  A/b: {}\n"),
              HasSubstr("serve.yml:3:3: 'A/b' is already defined"));
  EXPECT_THAT(problem_of("external-url: ci.example.org\nrepositories: {}\n"),
              HasSubstr("serve.yml:1:15: expected a URL"));
  for (const auto* name : {"a/", "/b", "a/.", "./b", "a b/c", "a/b/c", "a/../b"})
    EXPECT_THAT(problem_of(std::string("repositories:\n  ") + name + ": {}\n"),
                HasSubstr("2:3: expected owner/name"))
        << name;
}

TEST(ServerConfig, SaysWhereItIsNoUtf8OrWhatAnEmptyOneLacks) {
  EXPECT_THAT(problem_of("labels:\n- \xc3\xbc\xff\n"), HasSubstr("serve.yml:2:4: expected UTF-8"));
  for (const auto* nothing : {"", "\n", "# later\n"})
    EXPECT_THAT(problem_of(nothing), HasSubstr("serve.yml:1:1: expected repositories: with owner/name"))
        << nothing;
}

TEST(ServerConfig, LinksHaveNoSlashTwice) {
  const auto config = parse_config("serve.yml", "external-url: https://ci.example.org/\nrepositories: {}\n");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->external_url, "https://ci.example.org");
}

TEST(ServerConfig, SaysWhatWasExpectedOfAWrongValue) {
  EXPECT_THAT(problem_of("listen: here\nrepositories: {}\n"),
              HasSubstr("serve.yml:1:9: expected ADDRESS:PORT, as in 127.0.0.1:8480, found 'here'"));
  EXPECT_THAT(problem_of("repositories:\n  shop: {}\n"), HasSubstr("serve.yml:2:3: expected owner/name"));
  EXPECT_THAT(problem_of("repositories:\n  a/b: {forge: svn}\n"),
              HasSubstr("expected github, gitea or gitlab"));
}

TEST(ServerConfig, TakesAddressesThatCanBeFetchedFrom) {
  const auto with = [](const std::string& url) { return "repositories: {a/b: {url: '" + url + "'}}\n"; };
  for (const auto* wrong : {"ftp://git.example.org/a", "./b.git", "b", "git.example.org:b.git"})
    EXPECT_THAT(problem_of(with(wrong)), HasSubstr("serve.yml:1:27: expected an address, as in https://"))
        << wrong;
  for (const auto* right :
       {"http://git.example.org/a", "git@git.example.org:a/b.git", "/srv/b.git", "file:///srv/b.git"})
    EXPECT_TRUE(parse_config("serve.yml", with(right)).ok()) << right;
}

TEST(ServerConfig, TakesNoSecretItself) {
  const auto said = problem_of("hooks:\n  github:\n    secrets: [hunter2]\nrepositories: {}\n");
  EXPECT_THAT(said, HasSubstr("serve.yml:3:14: expected file:PATH or env:NAME"));
  EXPECT_THAT(said, ::testing::Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace server
