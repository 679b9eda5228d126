#include "steps/problem_matcher.h"

#include <gmock/gmock.h>

namespace steps {
namespace {

using testing::HasSubstr;

std::string found(std::string_view expression, std::string_view text, int group = 0) {
  auto pattern = TextPattern::compile(expression);
  if (!pattern) return "error: " + pattern.error().message;
  const auto outcome = pattern->search(text);
  if (outcome.exhausted) return "exhausted";
  return outcome.match ? std::string(outcome.match->group(text, group)) : "none";
}

TEST(TextPattern, FindsWhatECMAScriptFinds) {
  EXPECT_EQ(found("b+", "aabbbcc"), "bbb");
  EXPECT_EQ(found("b+?", "aabbbcc"), "b");
  EXPECT_EQ(found("^a|c$", "xxc"), "c");
  EXPECT_EQ(found("(\\w+)@(\\w+)\\.com", "mail joe@example.com now", 2), "example");
  EXPECT_EQ(found("[^\\s:]+:\\d{2,3}", "at file.c:1234"), "file.c:123");
  EXPECT_EQ(found("(?:ab|a)(bc)?$", "abc", 1), "bc");
  EXPECT_EQ(found("a(?=b)", "acab"), "a");
  EXPECT_EQ(found("q(?!u)", "quiqx"), "q");
  EXPECT_EQ(found("\\bcat\\b", "concat cat"), "cat");
  EXPECT_EQ(found("(a+)\\1b", "aaaab"), "aaaab");
  EXPECT_EQ(found("(a*)*b", "aaab"), "aaab");
  EXPECT_EQ(found("(?:)*x", "x"), "x");
  EXPECT_EQ(found("\\x41\\u0042", "AB"), "AB");
  EXPECT_EQ(found("[\\]a-c-]+", "x-]ab"), "-]ab");
  EXPECT_EQ(found("{x", "{x"), "{x");
  EXPECT_EQ(found("(?<name>x)y", "xy", 1), "x");
  EXPECT_EQ(found("nothing", "at all"), "none");
}

TEST(TextPattern, RefusesWhatItCannotRead) {
  for (std::string_view expression :
       {"(", ")", "a**", "[a", "\\", "a{3,2}", "(?<=a)b", "a{5000}", "((a{1000}){1000})"}) {
    EXPECT_FALSE(TextPattern::compile(expression).ok()) << expression;
  }
  EXPECT_FALSE(TextPattern::compile(std::string(100'000, '(')).ok());
}

TEST(TextPattern, GivesUpInsteadOfTakingExponentialTime) {
  EXPECT_EQ(found("(a|a)*(a|a)*(a|a)*c", std::string(5000, 'a')), "exhausted");
  EXPECT_EQ(found("((a+)+)+$", std::string(40, 'a') + "b"), "exhausted");
}

constexpr std::string_view kCompiler = R"({"problemMatcher": [{"owner": "gcc", "pattern": [{
  "regexp": "^(.+?):(\\d+):(\\d+):\\s+(warning|error):\\s+(.*)$",
  "file": 1, "line": 2, "column": 3, "severity": 4, "message": 5}]}]})";

constexpr std::string_view kLinter =
    R"({"problemMatcher": [{"owner": "eslint", "severity": "warning", "pattern": [
  {"regexp": "^([^\\s].*)$", "file": 1},
  {"regexp": "^\\s+(\\d+):(\\d+)\\s+(error|warning)\\s+(.*)\\s\\s+(.*)$",
   "line": 1, "column": 2, "severity": 3, "message": 4, "code": 5, "loop": true}]}]})";

TEST(ProblemMatchers, TurnALineIntoAnAnnotation) {
  ProblemMatchers matchers;
  ASSERT_TRUE(matchers.add(kCompiler));
  EXPECT_FALSE(matchers.match("all is well"));
  auto problem = matchers.match("\x1b[1mmain.c:12:7: \x1b[31mwarning: unused variable 'x'\x1b[0m");
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->annotation.level, LineKind::warning);
  EXPECT_EQ(problem->annotation.file, "main.c");
  EXPECT_EQ(problem->annotation.line, 12);
  EXPECT_EQ(problem->annotation.column, 7);
  EXPECT_EQ(problem->annotation.message, "unused variable 'x'");
  EXPECT_EQ(problem->annotation.log_line, "main.c:12:7: warning: unused variable 'x'");
}

TEST(ProblemMatchers, ReadSeveralLinesAndLoopOverTheLast) {
  ProblemMatchers matchers;
  ASSERT_TRUE(matchers.add(kLinter));
  EXPECT_FALSE(matchers.match("test.js"));
  auto first = matchers.match("  1:0   error  Missing \"use strict\" statement                 strict");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->annotation.file, "test.js");
  EXPECT_EQ(first->annotation.line, 1);
  EXPECT_THAT(first->annotation.message, HasSubstr("Missing \"use strict\""));
  EXPECT_EQ(first->annotation.code, "strict");
  auto second =
      matchers.match("  5:10  warning  'addOne' is defined but never used            no-unused-vars");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->annotation.level, LineKind::warning);
  EXPECT_EQ(second->annotation.file, "test.js");
  EXPECT_FALSE(matchers.match(""));
  EXPECT_FALSE(matchers.match("  6:1  error  no file any more  x"));
}

TEST(ProblemMatchers, AreReplacedAndRemovedByOwner) {
  ProblemMatchers matchers;
  ASSERT_TRUE(matchers.add(kCompiler));
  ASSERT_TRUE(matchers.add(
      R"({"problemMatcher": [{"owner": "GCC", "pattern": [{"regexp": "^E: (.*)$", "message": 1}]}]})"));
  EXPECT_FALSE(matchers.match("main.c:1:1: error: x"));
  EXPECT_TRUE(matchers.match("E: new form"));
  matchers.remove("gcc");
  EXPECT_TRUE(matchers.empty());
}

TEST(ProblemMatchers, RefuseDocumentsOfAnotherShape) {
  ProblemMatchers matchers;
  for (
      std::string_view text :
      {"", R"({"problemMatcher": 1})", R"({"problemMatcher": [{"owner": "x"}]})",
       R"({"problemMatcher": [{"owner": "x", "pattern": [{"regexp": "a", "message": 1}]}]})",
       R"({"problemMatcher": [{"owner": "x", "severity": "fatal", "pattern": [{"regexp": "a", "message": 0}]}]})",
       R"({"problemMatcher": [{"pattern": [{"regexp": "a", "message": 1}]}]})",
       R"({"problemMatcher": [{"owner": "x", "pattern": [{"regexp": "(", "message": 1}]}]})",
       R"({"problemMatcher": [{"owner": "x", "pattern": [{"regexp": "a"}]}]})"}) {
    EXPECT_FALSE(matchers.add(text).ok()) << text;
  }
}

TEST(ProblemMatchers, AreRemovedWhenTheyTakeTooLong) {
  ProblemMatchers matchers;
  ASSERT_TRUE(matchers.add(
      R"({"problemMatcher": [{"owner": "slow", "pattern": [{"regexp": "((a+)+)+$", "message": 1}]}]})"));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(matchers.match(std::string(40, 'a') + "b"));
  EXPECT_TRUE(matchers.empty());
}

}  // namespace
}  // namespace steps
