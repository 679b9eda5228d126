#include "workflow/yaml_problem.h"

#include <gtest/gtest.h>

#include "workflow/load_workflow.h"

namespace workflow {
namespace {

/// What is said of a workflow whose first problem that is.
std::string problem_of(const std::string& text) {
  const auto loaded = load_workflow("w.yml", text);
  return loaded.diagnostics.empty() ? "" : to_string(loaded.diagnostics.front());
}

std::string problem_of_step(const std::string& lines) {
  return problem_of("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n" + lines);
}

TEST(YamlProblem, NamesTheColumnsThatALineMayBeginIn) {
  EXPECT_EQ(problem_of("on: push\njobs:\n  a:\n    runs-on: x\n   steps: []\n"),
            "w.yml:5:4: end of map not found; its indentation fits no line above it: it begins in column 4, "
            "expected one of: 1, 3, 5");
  EXPECT_EQ(
      problem_of_step("    - name: x\n     run: echo\n"),
      "w.yml:7:6: end of sequence not found; its indentation fits no line above it: it begins in column "
      "6, expected one of: 1, 3, 5, 7");
}

TEST(YamlProblem, FindsTabs) {
  EXPECT_EQ(problem_of("on: push\njobs:\n  a:\n\t\truns-on: x\n"),
            "w.yml:4:10: illegal map value; a tab indents this line; YAML takes spaces only");
}

TEST(YamlProblem, SaysWhatMustBeInQuotes) {
  EXPECT_EQ(problem_of_step("      - name: foo: bar\n"),
            "w.yml:6:18: illegal map value; a text with ': ' in it must be in quotes");
  EXPECT_EQ(problem_of_step("      - run: @foo\n"),
            "w.yml:6:14: unknown token; a text that begins with '@' must be in quotes");
  EXPECT_EQ(
      problem_of("on: {push: {branches: [*]}}\n"),
      "w.yml:1:25: alias not found after *; an alias needs its anchor above it; a text that begins with "
      "'*' must be in quotes");
  EXPECT_EQ(problem_of_step("      - if: !cancelled()\n        run: x\n"),
            "w.yml:6:13: Unexpected tag '!cancelled()'; a text that begins with '!' must be in quotes");
}

TEST(YamlProblem, FindsBracketsThatAreNotClosed) {
  EXPECT_EQ(problem_of("on: [push\njobs: {}\n"),
            "w.yml:2:5: end of sequence flow not found; a '[' before it is not closed: expected ',' or ']'");
}

TEST(YamlProblem, FindsTheQuoteThatIsNotClosed) {
  const std::string expected = ": the text in quotes that begins here has no end; expected a closing quote";
  EXPECT_EQ(problem_of_step("      - run: \"echo hi\n"), "w.yml:6:14" + expected);
  EXPECT_EQ(problem_of_step("      - run: 'it''s\n      - run: x\n"), "w.yml:6:14" + expected);
  EXPECT_EQ(problem_of_step("      - run: !!str \"\\\"\n"), "w.yml:6:20" + expected);
  EXPECT_EQ(problem_of_step("      - run: \"echo\n          hi\"\n"), "");
  EXPECT_EQ(problem_of_step("      - run: 'it''s \"'\n"), "");
  EXPECT_EQ(problem_of_step("      - run: |\n          echo \"it's\n"), "");
  EXPECT_EQ(problem_of_step("      - run: echo \"it's\n"), "");
}

TEST(YamlProblem, IsASecondDocument) {
  const std::string one = "on: push\njobs: {a: {runs-on: x, steps: [{run: x}]}}\n";
  const auto two = load_workflow("w.yml", one + "---\n" + one).diagnostics;
  ASSERT_EQ(two.size(), 1U);
  EXPECT_EQ(to_string(two[0]),
            "w.yml:3:1: Expected stream end parse event; a second document begins here; "
            "expected one in the file");
  EXPECT_EQ(to_github_string(two[0]), "w.yml: Expected stream end parse event");
  EXPECT_EQ(problem_of("---\n" + one + "...\n# the end\n"), "");
}

TEST(YamlProblem, IsAnotherEncoding) {
  EXPECT_EQ(problem_of("\xff\xfeo\0n\0"),
            "w.yml:1:1: the file is UTF-16; expected UTF-8; save it with that encoding");
  EXPECT_EQ(problem_of(std::string("on: push\nname: a\0b\n", 19)),
            "w.yml:2:8: the file holds a NUL character; expected text");
  EXPECT_EQ(problem_of("on: push\rjobs: {a: {runs-on: x, steps: [{run: x}]}}\r"),
            "w.yml:1:9: lines of the file end with a carriage return alone; save it with line ends of LF or "
            "CRLF");
}

TEST(YamlProblem, HasItsPlaceAlsoWhereGithubNamesNone) {
  EXPECT_EQ(problem_of("on: " + std::string(60, '[') + std::string(60, ']')),
            "w.yml:1:54: Maximum object depth exceeded");
}

}  // namespace
}  // namespace workflow
