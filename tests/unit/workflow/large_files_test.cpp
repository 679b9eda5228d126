// Files of the greatest size that is read. Each took from ten seconds to minutes when its time grew with the
// square of the size, and takes about a second now; the time limit of the tests stands between the two.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "workflow/lint/lint.h"
#include "workflow/load_workflow.h"

namespace workflow {
namespace {

constexpr std::size_t kNearlyAll = (1U << 20) - 100;

std::string first_problem(const std::string& text) {
  // GitHub counts to 50,000 and stops; a reader has to be fast beyond that, too.
  const auto loaded =
      load_workflow("large.yml", text, {.limits = {.yaml_events = 1'000'000, .result_bytes = 100U << 20}});
  return loaded.diagnostics.empty() ? "" : to_string(loaded.diagnostics.front());
}

TEST(LargeFiles, OfOneLineAreReadInLinearTime) {
  std::string text = "{on: push, jobs: {one: {runs-on: x, steps: [{run: make}]}}, env: {";
  for (int i = 0; text.size() < kNearlyAll; ++i) text += fmt::format("N{}: value, ", i);
  EXPECT_EQ(first_problem(text + "}}"), "");
}

TEST(LargeFiles, OfOneLineWithNothingInItAreReadInLinearTime) {
  std::string text = "{on: push, jobs: {one: {runs-on: x, steps: [{run: make}]}}, env: {";
  for (int i = 0; text.size() < kNearlyAll; ++i) text += fmt::format("NAME_{}, ", i);
  EXPECT_EQ(first_problem(text + "}}"), "");
  std::string empty = "on: push\njobs:\n  one: {strategy: {matrix: {a: [";
  for (int i = 0; i < 150'000; ++i) empty += ", ";
  EXPECT_NE(first_problem(empty + "]}}}"), "");
}

std::string calls_of_workflows(std::string_view needed) {
  std::string text = "on: push\njobs:\n  j0: {uses: ./a}\n";
  for (int i = 1; i < 28'000; ++i)
    text += fmt::format("  j{}: {{uses: ./a, needs: {}{}}}\n", i, needed, i - 1);
  return text;
}

TEST(LargeFiles, OfJobsThatWaitForEachOtherAreCheckedInLinearTime) {
  EXPECT_EQ(first_problem(calls_of_workflows("j")), "");
}

TEST(LargeFiles, OfNeedsThatAreNotThereAreCheckedInLinearTime) {
  EXPECT_EQ(first_problem(calls_of_workflows("k")), "large.yml:4:26: Job 'j1' depends on unknown job 'k0'.");
}

std::size_t number_of_problems(const std::string& text) {
  return lint::lint("large.yml", text, lint::ProjectFiles{}, lint::LintConfig{}).size();
}

TEST(LargeFiles, OfJobsThatNeverRunAreLintedInLinearTime) {
  std::string text = "on: push\njobs:\n";
  for (int i = 7'000; i > 0; --i) text += fmt::format("  j{}: {{uses: ./a, needs: j{}}}\n", i, i - 1);
  EXPECT_GE(number_of_problems(text + "  j0: {uses: ./a, if: false}\n"), 1000U);
}

TEST(LargeFiles, OfTimeZonesAndMatricesAreLintedInLinearTime) {
  std::string zones = "on:\n  schedule:\n";
  for (int i = 0; i < 8'000; ++i) zones += "    - {cron: '1 2 * * *', timezone: Europe/Berln}\n";
  EXPECT_GE(number_of_problems(zones), 1000U);
  std::string matrix = "on: push\njobs:\n  a:\n    strategy:\n      matrix:\n        exclude:\n";
  for (int i = 0; i < 6'000; ++i) matrix += "          - {os: x}\n";
  matrix += "        os: [";
  for (int i = 0; i < 20'000; ++i) matrix += "y, ";
  EXPECT_GE(number_of_problems(matrix + "]\n"), 1U);
}

}  // namespace
}  // namespace workflow
