#include "server/gitea_encoding.h"

#include <gtest/gtest.h>

#include "workflow/load_workflow.h"

namespace server {
namespace {

/// What the checks of the language say of a text that Gitea wrote; "" is nothing.
std::string problems_of(const std::string& jobs) {
  const auto loaded =
      workflow::load_workflow("ci.yml", "on: push\njobs:\n" + jobs, {.amend = undo_gitea_encoding});
  std::string problems;
  for (const auto& problem : loaded.diagnostics) problems += problem.message + "\n";
  return problems;
}

TEST(GiteaEncodingTest, TextsAreTheNumbersAndBooleansThatTheyWere) {
  EXPECT_EQ(
      problems_of(
          "  a:\n    runs-on: x\n    timeout-minutes: \"5\"\n"
          "    strategy: {fail-fast: \"false\", max-parallel: \"2\", matrix: {v: [1]}}\n"
          "    steps: [{run: echo, timeout-minutes: \"${{ 2 }}\"}, {run: echo, timeout-minutes: \"0.5\"}]\n"),
      "");
  EXPECT_NE(problems_of("  a: {runs-on: x, timeout-minutes: \"soon\", steps: [{run: echo}]}\n"), "");
}

TEST(GiteaEncodingTest, AJobThatCallsHasNoLabels) {
  EXPECT_EQ(problems_of("  a:\n    runs-on: []\n    uses: ./.gitea/workflows/b.yml\n"), "");
  EXPECT_NE(problems_of("  a:\n    runs-on: [x]\n    uses: ./.gitea/workflows/b.yml\n"), "");
}

TEST(GiteaEncodingTest, TheNameOfAGroupIsBelowADash) {
  EXPECT_EQ(problems_of("  a: {runs-on: x, concurrency: {\"-\": group}, steps: [{run: echo}]}\n"), "");
}

TEST(GiteaEncodingTest, WhatIsNoWorkflowStaysAsItIs) {
  for (const auto* text :
       {"[]", "jobs", "on: push", "jobs: []", "jobs: {a: b}", "jobs: {a: {steps: x, strategy: 1}}"}) {
    workflow::Diagnostics ignored;
    auto root = workflow::read_yaml("ci.yml", text, ignored);
    undo_gitea_encoding(root);
    EXPECT_TRUE(root.present()) << text;
  }
}

}  // namespace
}  // namespace server
