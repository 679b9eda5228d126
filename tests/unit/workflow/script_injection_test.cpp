#include <gtest/gtest.h>

#include "lint_fixture.h"

namespace workflow::lint {
namespace {

/// Whether a script with this expression is flagged.
bool is_flagged(const std::string& expression) {
  return !findings_of("script-injection",
                      workflow_with_steps("      - run: echo ${{ " + expression + " }}\n"))
              .empty();
}

TEST(ScriptInjection, FlagsWhatAnyoneMayWrite) {
  for (const auto* expression :
       {"github.head_ref", "github.event.issue.title", "github.event.pull_request.head.ref",
        "GitHub.Event.Comment['BODY']", "github.event.commits[0].message", "github.event.commits.*.message",
        "github.event.*.body", "github.event.pages[github.run_number].page_name"})
    EXPECT_TRUE(is_flagged(expression)) << expression;
}

TEST(ScriptInjection, LetsPassWhatGitHubMakes) {
  for (const auto* expression :
       {"github.ref", "github.sha", "github.event.issue.number", "github.event.pull_request.head.sha",
        "github.event.issue", "inputs.title", "github.event.commits[0].id"})
    EXPECT_FALSE(is_flagged(expression)) << expression;
}

TEST(ScriptInjection, FollowsTextThroughFunctions) {
  for (const auto* expression :
       {"format('{0}', github.head_ref)", "join(github.event.commits.*.message)", "toJSON(github.event)",
        "toJSON(github)", "github.head_ref || github.ref", "github.event_name == 'push' && github.head_ref",
        "fromJSON(toJSON(github.event.issue)).title", "case(true, github.head_ref, 'x')"})
    EXPECT_TRUE(is_flagged(expression)) << expression;
}

TEST(ScriptInjection, LetsPassWhatIsOnlyCompared) {
  for (const auto* expression :
       {"github.head_ref == 'main'", "contains(github.event.issue.title, 'x')", "!github.head_ref",
        "github.head_ref && 'a pull request'", "startsWith(github.head_ref, 'release/') && 'a' || 'b'",
        "case(github.head_ref == 'x', 'a', 'b')", "matrix[github.head_ref]"})
    EXPECT_FALSE(is_flagged(expression)) << expression;
}

TEST(ScriptInjection, LetsPassEnvironmentVariablesThatTheScriptReads) {
  EXPECT_TRUE(findings_of("script-injection", workflow_with_steps(R"(
      - run: echo "$TITLE"
        env:
          TITLE: ${{ github.event.issue.title }}
)"))
                  .empty());
}

TEST(ScriptInjection, SeesThroughTheEnvContext) {
  EXPECT_EQ(lines_of("script-injection", workflow_with_steps(R"(
      - run: echo "${{ env.TITLE }} ${{ env.SAFE }}"
        env:
          TITLE: ${{ github.event.issue.title }}
          SAFE: ${{ github.sha }}
)")),
            (std::vector<int>{7}));
}

TEST(ScriptInjection, KnowsInputsThatAreCode) {
  EXPECT_EQ(lines_of("script-injection", workflow_with_steps(R"(
      - uses: actions/github-script@v7
        with:
          script: console.log('${{ github.event.issue.title }}')
          result-encoding: ${{ github.event.issue.title }}
)")),
            (std::vector<int>{9}));
}

TEST(ScriptInjection, SaysWhereInALongScript) {
  const auto found = findings_of("script-injection", workflow_with_steps(R"(
      - run: |
          echo one
          echo ${{ github.head_ref }}
)"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].location.line, 7);
  EXPECT_NE(found[0].message.find("(line 9, column 16)"), std::string::npos) << found[0].message;
}

}  // namespace
}  // namespace workflow::lint
