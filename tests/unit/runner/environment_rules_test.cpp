#include "runner/environment_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace runner {
namespace {

using ::testing::ElementsAre;

EnvironmentRules rules_of(const std::string& text) {
  const auto read = read_environments(".pipeline.yml", "environments:\n  Prod:\n" + text);
  EXPECT_TRUE(read.ok()) << (read ? "" : read.error().to_string());
  if (!read || !read->contains("prod")) return {};
  return read->at("prod");
}

std::string error_of(const std::string& text) {
  const auto read = read_environments(".pipeline.yml", text);
  return read ? "no error" : read.error().to_string();
}

TEST(EnvironmentRules, AreReadFromTheirSection) {
  const auto rules = rules_of(
      "    wait-timer: 1.5\n    reviewers: [anna, ben]\n    branches: [main, 'release/*']\n"
      "    variables: {A: 1, B: text}\n    secrets: prod.env\n");
  EXPECT_EQ(rules.name, "Prod");
  EXPECT_DOUBLE_EQ(rules.wait_minutes, 1.5);
  EXPECT_TRUE(rules.needs_approval);
  EXPECT_THAT(rules.reviewers, ElementsAre("anna", "ben"));
  EXPECT_THAT(rules.branches, ElementsAre("main", "release/*"));
  EXPECT_EQ(rules.variables.at("A"), "1");
  EXPECT_EQ(rules.secrets_file, "prod.env");
}

TEST(EnvironmentRules, ProtectNothingWhenTheyAreEmpty) {
  const auto rules = rules_of("    reviewers: false\n");
  EXPECT_FALSE(rules.needs_approval);
  EXPECT_EQ(rules.wait_minutes, 0);
  EXPECT_TRUE(read_environments("x", "check:\n  disable: [a]\n")->empty());
  EXPECT_TRUE(read_environments("x", "")->empty());
}

TEST(EnvironmentRules, SayWhereTheyAreWrong) {
  EXPECT_EQ(error_of("environments:\n  a:\n    wait-timer: soon\n"),
            ".pipeline.yml:3:17: expected minutes from 0 to 43200 for 'wait-timer'");
  EXPECT_EQ(error_of("environments:\n  a:\n    wait-timer: 43201\n"),
            ".pipeline.yml:3:17: expected minutes from 0 to 43200 for 'wait-timer'");
  EXPECT_EQ(error_of("environments:\n  a:\n    branch: main\n"),
            ".pipeline.yml:3:5: unknown key 'branch'; did you mean 'branches'?");
  EXPECT_EQ(error_of("environments: [a]\n"), ".pipeline.yml:1:15: expected environments by name");
  EXPECT_EQ(error_of("environments:\n  a:\n    branches: [{}]\n"),
            ".pipeline.yml:3:16: expected a list of texts for 'branches'");
}

TEST(EnvironmentRules, AllowTheBranchesOfTheirPatterns) {
  const EnvironmentRules rules{.name = "prod", .branches = {"main", "release/*", "v[0-9]*"}};
  EXPECT_FALSE(why_ref_is_refused(rules, "refs/heads/main"));
  EXPECT_FALSE(why_ref_is_refused(rules, "refs/heads/release/1"));
  EXPECT_FALSE(why_ref_is_refused(rules, "refs/tags/v1.2"));
  EXPECT_TRUE(why_ref_is_refused(rules, "refs/heads/release/1/2")) << "a star matches no slash";
  EXPECT_EQ(why_ref_is_refused(rules, "refs/heads/other"),
            "Branch \"other\" is not allowed to deploy to prod due to environment protection rules.");
  EXPECT_FALSE(why_ref_is_refused({.name = "free"}, "refs/heads/other"));
}

}  // namespace
}  // namespace runner
