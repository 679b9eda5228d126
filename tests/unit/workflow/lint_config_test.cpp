#include "workflow/lint/config.h"

#include <gmock/gmock.h>

namespace workflow::lint {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> problems_of(std::string_view text) {
  Diagnostics problems;
  read_lint_config(".pipeline.yml", text, problems);
  std::vector<std::string> lines;
  for (const auto& problem : problems) {
    EXPECT_EQ(problem.rule, "configuration");
    lines.push_back(to_string(problem));
  }
  return lines;
}

TEST(LintConfiguration, SaysWhatAProjectHas) {
  Diagnostics problems;
  const auto config = read_lint_config(".pipeline.yml", R"(
check:
  disable: [deprecated-commands, shellcheck]
  runner-labels: [big-*, gpu]
  variables: REGION
  secrets: []
)",
                                       problems);
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_THAT(config.disabled_rules, ElementsAre("deprecated-commands", "shellcheck"));
  EXPECT_THAT(config.runner_labels, ElementsAre("big-*", "gpu"));
  EXPECT_THAT(config.variables.value(), ElementsAre("REGION"));
  EXPECT_THAT(config.secrets.value(), IsEmpty());
}

TEST(LintConfiguration, LeavesOpenWhatItDoesNotSay) {
  Diagnostics problems;
  for (const char* text : {"", "# nothing\n", "check:\n", "check: {}\n"}) {
    const auto config = read_lint_config(".pipeline.yml", text, problems);
    EXPECT_THAT(problems, IsEmpty()) << text;
    EXPECT_EQ(config.variables, std::nullopt);
    EXPECT_EQ(config.secrets, std::nullopt);
  }
}

TEST(LintConfiguration, NamesTheKeyThatWasPerhapsMeant) {
  EXPECT_THAT(problems_of("chekc:\n"),
              ElementsAre(".pipeline.yml:1:1: unknown key 'chekc'; did you mean 'check'?"));
  EXPECT_THAT(problems_of("check:\n  disabled: []\n"),
              ElementsAre(".pipeline.yml:2:3: unknown key 'disabled'; did you mean 'disable'?"));
  EXPECT_THAT(
      problems_of("check:\n  x: []\n"),
      ElementsAre(".pipeline.yml:2:3: unknown key 'x'; expected disable, runner-labels, variables, secrets"));
}

TEST(LintConfiguration, NamesTheRuleThatWasPerhapsMeant) {
  EXPECT_THAT(problems_of("check:\n  disable: [deprecated-command, nothing-like-it]\n"),
              ElementsAre(".pipeline.yml:2:13: there is no rule 'deprecated-command'; did you mean "
                          "'deprecated-commands'?",
                          ".pipeline.yml:2:33: there is no rule 'nothing-like-it'; `pipeline check --rules` "
                          "lists them"));
  EXPECT_THAT(problems_of("check:\n  disable: syntax\n"),
              ElementsAre(".pipeline.yml:2:12: the rule 'syntax' cannot be switched off"));
}

TEST(LintConfiguration, RefusesOtherShapes) {
  EXPECT_THAT(
      problems_of("[]\n"),
      ElementsAre(
          ".pipeline.yml:1:1: expected the configuration to be a mapping with check, environments, network, "
          "limits, action-server, found a sequence"));
  EXPECT_THAT(problems_of("check:\n  secrets:\n    A: 1\n"),
              ElementsAre(".pipeline.yml:3:5: expected a list of texts for 'secrets', found a mapping"));
  EXPECT_EQ(problems_of("check: [\n").size(), 1U);
}

}  // namespace
}  // namespace workflow::lint
