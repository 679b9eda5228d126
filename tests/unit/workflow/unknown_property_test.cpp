// What contexts have no member of that name.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expression_findings.h"

namespace workflow::lint {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(UnknownProperty, NamesTheMemberThatWasPerhapsMeant) {
  EXPECT_THAT(findings_of_expression("github.event_nam"),
              ElementsAre("15:25 unknown-property: 'github' has no 'event_nam'; did you mean 'event_name'?"));
  EXPECT_THAT(findings_of_expression("runner['oss']"),
              ElementsAre(HasSubstr("'runner' has no 'oss'; did you mean 'os'?")));
  EXPECT_THAT(findings_of_expression("matrix.shape.sides"),
              ElementsAre(HasSubstr("'matrix.shape' has no 'sides'; did you mean 'side'?")));
  for (const auto* good : {"github.event_name", "GitHub.Event_Name", "runner['os']", "matrix.shape.side",
                           "github.event.anything.at.all", "env.ANY", "vars.ANY", "secrets.ANY",
                           "strategy.job-index", "job.status"})
    EXPECT_THAT(findings_of_expression(good), IsEmpty()) << good;
}

TEST(UnknownProperty, KnowsOnlyTheJobsThatAreNeeded) {
  EXPECT_THAT(
      findings_of_expression("needs.other.result"),
      ElementsAre("15:24 unknown-property: 'needs' has no 'other'; add 'other' to the needs of this job"));
  EXPECT_THAT(findings_of_expression("needs.first.outputs.vversion"),
              ElementsAre(HasSubstr("'needs.first.outputs' has no 'vversion'; did you mean 'version'?")));
  EXPECT_THAT(findings_of_expression("needs.first.outputs.version"), IsEmpty());
  EXPECT_THAT(findings_of_expression("needs.FIRST.result"), IsEmpty());
}

TEST(UnknownProperty, KnowsOnlyTheStepsThatCameBefore) {
  const auto found = findings_of(job_with(R"(    outputs:
      at_the_end: ${{ steps.late.outputs.x }}
    steps:
      - run: ${{ steps.late.outputs.x }}
      - run: make
        id: late
      - run: ${{ steps.late.outputs.x }} ${{ steps.compile.outcome }} ${{ steps.late.output }}
)"));
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0], "17:24 unknown-property: 'steps' has no 'late'; that step comes later");
  EXPECT_THAT(found[1], HasSubstr("'steps' has no 'compile'; it is a step of the job 'first'"));
  EXPECT_THAT(found[2], HasSubstr("'steps.late' has no 'output'; did you mean 'outputs'?"));
}

TEST(UnknownProperty, KnowsTheStepsInsideOfParallelOnesBehindThem) {
  EXPECT_THAT(findings_of(job_with(R"(    steps:
      - parallel:
          - run: make
            id: one
          - run: ${{ steps.one.outcome }}
      - run: ${{ steps.one.outcome }}
)")),
              ElementsAre(HasSubstr("18:28 unknown-property: 'steps' has no 'one'")));
}

TEST(UnknownProperty, KnowsTheOutputsOfActions) {
  const ProjectFiles files{[](const std::string& path) -> std::optional<std::string> {
    if (path != "tools/version/action.yml") return std::nullopt;
    return "outputs: {number: {description: it}}\nruns: {using: node24, main: index.js}\n";
  }};
  const auto found = findings_of(job_with(R"(    steps:
      - uses: ./tools/version
        id: version
      - uses: actions/cache@v4
        id: cache
        with: {path: a, key: b}
      - uses: someone/something@v1
        id: unknown
      - run: ${{ steps.version.outputs.number }} ${{ steps.version.outputs.numbr }}
      - run: ${{ steps.cache.outputs.cache-hit }} ${{ steps.cache.outputs.cache_hit }}
      - run: ${{ steps.unknown.outputs.anything }}
)"),
                                 files);
  EXPECT_THAT(found,
              ElementsAre(HasSubstr("'steps.version.outputs' has no 'numbr'; did you mean 'number'?"),
                          HasSubstr("'steps.cache.outputs' has no 'cache_hit'; did you mean 'cache-hit'?")));
}

TEST(UnknownProperty, KnowsTheMatrix) {
  EXPECT_THAT(findings_of_expression("matrix.platform"),
              ElementsAre(HasSubstr("'matrix' has no 'platform'")));
  EXPECT_THAT(findings_of(R"(on: push
jobs:
  a:
    runs-on: ubuntu-latest
    strategy: {matrix: {os: [a], include: [{os: a, extra: 1}]}}
    steps: [{run: '${{ matrix.extra }} ${{ matrix.os }} ${{ matrix.more }}'}]
  b:
    runs-on: ubuntu-latest
    strategy: {matrix: '${{ fromJSON(vars.MATRIX) }}'}
    steps: [{run: '${{ matrix.anything }}'}]
  c:
    runs-on: ubuntu-latest
    strategy: {matrix: {include: '${{ fromJSON(vars.MATRIX) }}'}}
    steps: [{run: '${{ matrix.anything }}'}]
  d:
    runs-on: ubuntu-latest
    steps: [{run: '${{ matrix.os }}'}]
)"),
              ElementsAre("6:68 unknown-property: 'matrix' has no 'more'; it has extra and os",
                          "17:31 unknown-property: 'matrix' has no 'os'; the job has no matrix"));
}

TEST(UnknownProperty, KnowsTheInputsOfBothKindsOfCall) {
  EXPECT_THAT(findings_of(R"(on:
  workflow_dispatch: {inputs: {level: {type: choice, options: [a]}, loud: {type: boolean}}}
  workflow_call: {inputs: {name: {type: string}}}
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: ${{ inputs.level }} ${{ inputs.name }} ${{ inputs.nam }}
)"),
              ElementsAre("8:64 unknown-property: 'inputs' has no 'nam'; did you mean 'name'?"));
  EXPECT_THAT(findings_of_expression("inputs.name"), ElementsAre(HasSubstr("no inputs are declared")));
}

TEST(UnknownProperty, KnowsTheInputsInTheEventOfADispatch) {
  const std::string text = R"(on:
  workflow_dispatch: {inputs: {level: {type: string}}}
jobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'x ${{ github.event.inputs.leve }}'}]}}
)";
  EXPECT_THAT(findings_of(text), ElementsAre(HasSubstr("'github.event.inputs' has no 'leve'")));
}

TEST(UnknownProperty, LetsADefaultSeeTheInputsBeforeItsOwn) {
  EXPECT_THAT(findings_of(R"(on:
  workflow_call:
    inputs:
      a: {type: string, default: '${{ inputs.b }}'}
      b: {type: string, default: '${{ inputs.a }}'}
jobs: {a: {runs-on: ubuntu-latest, steps: [{run: make}]}}
)"),
              ElementsAre("4:46 unknown-property: 'inputs' has no 'b'; it is declared behind this one"));
}

TEST(UnknownProperty, KnowsTheSecretsOfAWorkflowThatIsOnlyCalled) {
  const auto with_trigger = [](const std::string& more) {
    return "on:\n  workflow_call: {secrets: {token: {required: true}}}\n" + more +
           "jobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'x ${{ secrets.tokn }} ${{ secrets.GITHUB_TOKEN "
           "}}'}]}}\n";
  };
  EXPECT_THAT(findings_of(with_trigger("")), ElementsAre(HasSubstr("did you mean 'token'?")));
  EXPECT_THAT(findings_of(with_trigger("  push:\n")), IsEmpty());
}

TEST(UnknownProperty, KnowsTheVariablesAndSecretsThatTheConfigurationNames) {
  const LintConfig config{.variables = {{"REGION"}}, .secrets = {{"TOKEN"}}};
  const auto text =
      job_with("    steps:\n      - run: ${{ vars.REGIO }} ${{ vars.region }} ${{ secrets.TOKE }}\n");
  EXPECT_THAT(findings_of(text, {}, config), ElementsAre(HasSubstr("'REGION'"), HasSubstr("'TOKEN'")));
  EXPECT_THAT(findings_of(text), IsEmpty());
}

TEST(UnknownProperty, KnowsTheOutputsOfJobsWhereAWorkflowGivesThemOut) {
  EXPECT_THAT(findings_of(R"(on:
  workflow_call:
    outputs:
      good: {value: '${{ jobs.a.outputs.x }}'}
      bad: {value: '${{ jobs.a.outputs.y }}'}
      job: {value: '${{ jobs.b.outputs.y }}'}
jobs: {a: {runs-on: ubuntu-latest, outputs: {x: 1}, steps: [{run: make}]}}
)"),
              ElementsAre(HasSubstr("5:40 unknown-property: 'jobs.a.outputs' has no 'y'"),
                          HasSubstr("6:30 unknown-property: 'jobs' has no 'b'")));
}

}  // namespace
}  // namespace workflow::lint
