#include "server/gitea_words.h"

#include <gtest/gtest.h>

namespace server {
namespace {

TEST(GiteaWordsTest, TheirContextIsGithubsWhereAnExpressionNamesIt) {
  EXPECT_EQ(with_github_context("a: ${{ gitea.ref }} and ${{ forgejo['sha'] == Gitea.sha }}\n"),
            "a: ${{ github.ref }} and ${{ github['sha'] == github.sha }}\n");
  EXPECT_EQ(with_github_context("  - if: gitea.ref == 'gitea.ref'\n    run: echo gitea.ref\n"),
            "  - if: github.ref == 'gitea.ref'\n    run: echo gitea.ref\n");
}

TEST(GiteaWordsTest, WhatOnlyLooksLikeItStays) {
  for (const auto* text :
       {"name: gitea.ref", "a: ${{ vars.gitea }}", "a: ${{ gitea_ref }}", "a: ${{ 'gitea.ref' }}",
        "x: ${{ 'never closed gitea.ref", "iffy: gitea.ref", ""}) {
    EXPECT_EQ(with_github_context(text), text);
  }
}

TEST(GiteaWordsTest, AddressesOfTheServerItselfAreLeftAway) {
  EXPECT_EQ(without_server("https://gitea.com/actions/checkout@v4", "https://gitea.com/"),
            "actions/checkout@v4");
  EXPECT_EQ(without_server("https://gitea.com/actions/cache.git@v4", "https://gitea.com"),
            "actions/cache@v4");
  EXPECT_EQ(without_server("https://gitea.community/a/b@v1", "https://gitea.com"),
            "https://gitea.community/a/b@v1");
  EXPECT_EQ(without_server("actions/checkout@v4", "https://gitea.com"), "actions/checkout@v4");
  EXPECT_EQ(without_server("actions/checkout@v4", ""), "actions/checkout@v4");
}

TEST(GiteaWordsTest, AddressesOfOtherServersAreTakenApart) {
  const std::vector<std::string> known = {"https://git.example.org/forge"};
  const auto own = take_address_apart("https://git.example.org/forge/tools/greet.git@v1", known);
  ASSERT_TRUE(own);
  EXPECT_EQ(own->server, "https://git.example.org/forge");
  EXPECT_EQ(own->uses, "tools/greet@v1");
  const auto other = take_address_apart("https://github.com:8443/actions/cache/save@v4", known);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->server, "https://github.com:8443");
  EXPECT_EQ(other->uses, "actions/cache/save@v4");
  for (const auto* none :
       {"actions/checkout@v4", "./local", "docker://debian:12", "https://github.com", "ftp://a/b/c@v1"})
    EXPECT_FALSE(take_address_apart(none, known)) << none;
}

}  // namespace
}  // namespace server
