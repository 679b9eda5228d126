#include "workflow/lint/suppressions.h"

#include <gmock/gmock.h>

#include "workflow/lint/lint.h"
#include "workflow/lint/rule_ids.h"

namespace workflow::lint {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A deprecated command in line 6, when nothing stands above.
std::string workflow_with(std::string_view top, std::string_view above, std::string_view at_the_end) {
  return std::string(top) + "on: push\njobs:\n  a:\n    runs-on: linux\n    steps:\n" + std::string(above) +
         "      - run: echo ::set-output name=a::b" + std::string(at_the_end) + "\n";
}

std::vector<std::string> what_is_found(std::string_view text) {
  std::vector<std::string> rules;
  for (const auto& problem : lint("a.yml", text, {}, {}))
    rules.push_back(std::to_string(problem.location.line) + " " + std::string(problem.rule));
  return rules;
}

TEST(Suppressions, StandAtTheEndOfTheLine) {
  EXPECT_THAT(what_is_found(workflow_with("", "", "")), ElementsAre("6 deprecated-commands"));
  EXPECT_THAT(what_is_found(workflow_with("", "", "  # pipeline-ignore: deprecated-commands")), IsEmpty());
}

TEST(Suppressions, StandOnALineAbove) {
  EXPECT_THAT(what_is_found(workflow_with("", "      # pipeline-ignore: deprecated-commands\n", "")),
              IsEmpty());
  EXPECT_THAT(
      what_is_found(workflow_with("", "# pipeline-ignore: deprecated-commands\n\n  # and more\n", "")),
      IsEmpty());
}

TEST(Suppressions, HoldForOneLineOnly) {
  auto text = workflow_with("", "      # pipeline-ignore: deprecated-commands\n", "");
  text += "      - run: echo ::save-state name=a::b\n";
  EXPECT_THAT(what_is_found(text), ElementsAre("8 deprecated-commands"));
}

TEST(Suppressions, HoldForTheWholeFileAboveEverything) {
  EXPECT_THAT(
      what_is_found(workflow_with("# Tests\n---\n# pipeline-ignore: deprecated-commands\n\n", "", "")),
      IsEmpty());
}

TEST(Suppressions, NameSeveralRulesAndAReason) {
  EXPECT_THAT(what_is_found(workflow_with(
                  "", "", " # pipeline-ignore: shellcheck, deprecated-commands -- for old runners")),
              IsEmpty());
  EXPECT_THAT(what_is_found(workflow_with("", "", " # pipeline-ignore: shellcheck")),
              ElementsAre("6 deprecated-commands"));
}

TEST(Suppressions, TellOfIdsThatNoRuleHas) {
  const auto problems =
      lint("a.yml", workflow_with("# pipeline-ignore: deprecated-comands\n", "", ""), {}, {});
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(to_string(problems[0]),
            "a.yml:1:3: there is no rule 'deprecated-comands'; did you mean 'deprecated-commands'?");
  EXPECT_EQ(problems[0].rule, "ignore-comment");
  EXPECT_EQ(problems[0].severity, Severity::warning);
  EXPECT_THAT(what_is_found(workflow_with("# pipeline-ignore deprecated-commands\n", "", "")),
              ElementsAre("1 ignore-comment", "7 deprecated-commands"));
}

TEST(Suppressions, DoNotHideWhatGitHubRefuses) {
  EXPECT_THAT(what_is_found("# pipeline-ignore: syntax\non: push\njobs: 1\n"),
              ElementsAre("1 ignore-comment", "3 syntax"));
}

TEST(Suppressions, AreCommentsAndNoPartsOfWords) {
  Diagnostics problems;
  const auto found = read_suppressions("a.yml", "on: push\nrun: a#pipeline-ignore: shellcheck\n", problems);
  EXPECT_THAT(found.lines, IsEmpty());
  EXPECT_THAT(problems, IsEmpty());
}

TEST(RuleIds, AreSortedAndEachThereOnce) {
  std::string_view last;
  for (const auto& rule : all_rule_ids()) {
    EXPECT_LT(last, rule.id);
    EXPECT_FALSE(rule.summary.empty()) << rule.id;
    EXPECT_EQ(find_rule_id(rule.id), &rule);
    last = rule.id;
  }
  for (const auto& rule : all_rules()) EXPECT_NE(find_rule_id(rule.id), nullptr) << rule.id;
}

}  // namespace
}  // namespace workflow::lint
