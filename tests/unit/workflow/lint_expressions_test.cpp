// The rules about expressions, each with what is bad and what is good.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expression_findings.h"

namespace workflow::lint {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ExpressionType, FindsMembersOfWhatHasNone) {
  EXPECT_THAT(findings_of_expression("github.ref.name"),
              ElementsAre("15:29 expression-type: 'github.ref' is a string, which has no members"));
  EXPECT_THAT(findings_of_expression("github.ref.*"), ElementsAre(HasSubstr("`.*` takes the elements")));
  EXPECT_THAT(findings_of_expression("env[matrix.big]"),
              ElementsAre(HasSubstr("found by a string, but this is a boolean")));
  EXPECT_THAT(findings_of_expression("fromJSON('[1]').first"), ElementsAre(HasSubstr("found by a number")));
  for (const auto* good : {"fromJSON('[1]')[0]", "env[matrix.os]", "github[github.event.x]",
                           "join(github.event.commits.*.id)", "fromJSON('{\"a\":[{\"b\":1}]}').a[0].b"})
    EXPECT_THAT(findings_of_expression(good), IsEmpty()) << good;
}

TEST(ExpressionType, FindsComparisonsThatMeanNothing) {
  for (const auto* bad : {"github.event == 'push'", "matrix.shape != 4", "matrix.big > 1", "1 < null",
                          "matrix.shape >= 'x'", "matrix.big == 'true'", "matrix.number == 'one'"})
    EXPECT_THAT(findings_of_expression(bad), ElementsAre(HasSubstr("15:18 expression-type: "))) << bad;
  for (const auto* good :
       {"github.event == null", "matrix.number == '1'", "matrix.number > '0'", "matrix.big == true",
        "github.ref > 'a'", "matrix.shape == matrix.shape", "github.run_number == 1"})
    EXPECT_THAT(findings_of_expression(good), IsEmpty()) << good;
}

TEST(ExpressionType, FindsArgumentsThatAFunctionCannotTake) {
  for (const auto* bad :
       {"contains(matrix.shape, 'a')", "startsWith(github.event, 'a')", "join(matrix.shape)",
        "fromJSON(matrix.shape)", "case('a', 1, 2)", "format('{0}', matrix.shape)"})
    EXPECT_THAT(findings_of_expression(bad), ElementsAre(HasSubstr("argument"))) << bad;
  for (const auto* good : {"contains(github.event.labels.*.name, 'a')", "startsWith(github.ref, 1)",
                           "toJSON(matrix.shape)", "case(matrix.big, 1, 2)", "join(github.event.a, ', ')"})
    EXPECT_THAT(findings_of_expression(good), IsEmpty()) << good;
}

TEST(ExpressionType, FindsWhatMeansNothingInsideOfAText) {
  EXPECT_THAT(
      findings_of(job_with("    steps:\n      - run: a ${{ matrix.shape }} ${{ null }} ${{ matrix.os }}\n")),
      ElementsAre(HasSubstr("15:20 expression-type: an object with side means nothing"),
                  HasSubstr("15:40 expression-type: null means nothing")));
}

TEST(ExpressionType, HoldsAnExpressionAgainstItsPlace) {
  EXPECT_THAT(
      findings_of(job_with(R"(    timeout-minutes: ${{ github.run_id }}
    continue-on-error: ${{ matrix.big }}
    env: ${{ matrix.os }}
    container: ${{ matrix.os }}
    services: ${{ github.ref }}
    steps:
      - run: make
        timeout-minutes: ${{ fromJSON(github.run_id) }}
        continue-on-error: ${{ matrix.number }}
        working-directory: ${{ matrix.shape }}
        env: ${{ matrix.shape }}
)")),
      ElementsAre(
          HasSubstr("14:26 expression-type: 'timeout-minutes' must be a number, but this is a string; "
                    "fromJSON() reads it"),
          HasSubstr("16:14 expression-type: 'env' must be an object, but this is a string"),
          HasSubstr("18:19 expression-type: 'services' must be an object"),
          HasSubstr("22:32 expression-type: 'continue-on-error' must be a boolean"),
          HasSubstr("23:32 expression-type: 'working-directory' must be a string")));
}

TEST(ExpressionType, WantsLabelsOrAGroupAtRunsOn) {
  const auto with = [](const std::string& value) {
    return "on: push\njobs:\n  a:\n    strategy: {matrix: {x: [{foo: a}], y: [{labels: a}], z: [[a, b]]}}\n  "
           "  "
           "runs-on: " +
           value + "\n    steps: [{run: make}]\n";
  };
  EXPECT_THAT(findings_of(with("${{ matrix.x }}")),
              ElementsAre(HasSubstr("5:18 expression-type: 'runs-on' must be")));
  EXPECT_THAT(findings_of(with("${{ matrix.y }}")), IsEmpty());
  EXPECT_THAT(findings_of(with("${{ matrix.z }}")), IsEmpty());
}

TEST(ExpressionType, HoldsWhatIsGivenAgainstTheInputsOfACalledWorkflow) {
  const ProjectFiles files{[](const std::string& path) -> std::optional<std::string> {
    if (path != ".github/workflows/called.yml") return std::nullopt;
    return "on: {workflow_call: {inputs: {count: {type: number}, name: {type: string}}}}\njobs: {}\n";
  }};
  EXPECT_THAT(findings_of(R"(on: push
jobs:
  a:
    uses: ./.github/workflows/called.yml
    with:
      count: ${{ github.run_number }}
      name: ${{ github.run_number }}
  b:
    uses: ./.github/workflows/called.yml
    with:
      count: ${{ fromJSON(github.run_number) }}
)",
                          files),
              ElementsAre(HasSubstr("6:18 expression-type: the input 'count' is declared as a number")));
}

TEST(ExpressionType, HoldsADefaultAgainstItsInput) {
  EXPECT_THAT(findings_of(R"(on:
  workflow_call:
    inputs:
      a: {type: string}
      b: {type: boolean, default: '${{ inputs.a }}'}
      c: {type: boolean, default: '${{ inputs.b }}'}
jobs: {a: {runs-on: ubuntu-latest, steps: [{run: make}]}}
)"),
              ElementsAre(HasSubstr("5:40 expression-type: the input 'b' is declared as a boolean")));
}

TEST(ExpressionType, TakesTheTypeThatALogicalOperatorLeaves) {
  for (const auto* good : {"matrix.big && 'a' || 'b'", "github.event.x || matrix.shape"})
    EXPECT_THAT(findings_of_expression(good), IsEmpty()) << good;
  EXPECT_THAT(
      findings_of(job_with("    timeout-minutes: ${{ matrix.big && 'a' || 'b' }}\n    steps: [{run: a}]\n")),
      ElementsAre(HasSubstr("must be a number, but this is a string")));
  EXPECT_THAT(
      findings_of(job_with("    timeout-minutes: ${{ matrix.big && 10 || 20 }}\n    steps: [{run: a}]\n")),
      IsEmpty());
}

TEST(ImpossibleComparison, KnowsWhatAStringMayBe) {
  EXPECT_THAT(findings_of_condition("needs.first.result == 'failed'"),
              ElementsAre("16:13 impossible-comparison: 'needs.first.result' is never 'failed': it is one of "
                          "success, failure, cancelled and skipped"));
  for (const auto* bad : {"runner.os == 'ubuntu'", "${{ 'pull_request' != github.event_name }}",
                          "matrix.os == 'macos'", "github.ref_type == 'commit'", "job.status == 'skipped'"})
    EXPECT_THAT(findings_of_condition(bad), ElementsAre(HasSubstr("impossible-comparison: "))) << bad;
  for (const auto* good :
       {"runner.os == 'linux'", "github.event_name == 'push'", "matrix.os == 'mac'", "matrix.os == ''",
        "env.A == 'b'", "github.ref == matrix.os", "needs.first.result != 'failure'"})
    EXPECT_THAT(findings_of_condition(good), IsEmpty()) << good;
}

TEST(ImpossibleComparison, KnowsTheOptionsOfAChoice) {
  EXPECT_THAT(
      findings_of(R"(on: {workflow_dispatch: {inputs: {level: {type: choice, options: [debug, release]}}}}
jobs:
  a:
    if: inputs.level == 'debug' || inputs.level == 'relase'
    runs-on: ubuntu-latest
    steps: [{run: make}]
)"),
      ElementsAre(HasSubstr("4:36 impossible-comparison: 'inputs.level' is never 'relase'")));
}

TEST(ImpossibleComparison, FindsATextThatIsComparedWithABoolean) {
  EXPECT_THAT(findings_of_condition("env.DEBUG == true"),
              ElementsAre(HasSubstr("compare with 'true' in quotes")));
  EXPECT_THAT(findings_of_condition("env.DEBUG == 'true'"), IsEmpty());
  EXPECT_THAT(findings_of_condition("matrix.big == true"), IsEmpty());
}

TEST(ExpressionRules, HoldForTheStepsOfAnAction) {
  const auto found = findings_in(lint_action("action.yml", R"(name: Build
description: Builds
inputs: {debug: {description: whether, default: 'false'}}
outputs: {file: {description: what was made, value: '${{ steps.mak.outputs.file }}'}}
runs:
  using: composite
  steps:
    - run: make ${{ inputs.debugg }} ${{ steps.make.outcome }}
      shell: bash
      id: make
      if: inputs.debug == true
)"));
  EXPECT_THAT(found,
              ElementsAre(HasSubstr("4:64 unknown-property: 'steps' has no 'mak'; did you mean 'make'?"),
                          HasSubstr("8:28 unknown-property: 'inputs' has no 'debugg'; did you mean 'debug'?"),
                          HasSubstr("8:48 unknown-property: 'steps' has no 'make'; that step comes later"),
                          HasSubstr("11:11 impossible-comparison: 'inputs.debug' is a string")));
}

TEST(FormatArguments, FindsPlaceholdersAndArgumentsThatDoNotGoTogether) {
  EXPECT_THAT(
      findings_of_expression("format('{0}{2}', 1, 2)"),
      ElementsAre(
          HasSubstr("15:25 format-arguments: the pattern of format() has {2}, but 2 arguments follow"),
          HasSubstr("15:38 format-arguments: the pattern of format() has no {1}")));
  EXPECT_THAT(findings_of_expression("format('{0', 1)"), ElementsAre(HasSubstr("is invalid")));
  EXPECT_THAT(findings_of_expression("format('{{0}} {1} {0}', 1, 2)"), IsEmpty());
  EXPECT_THAT(findings_of_expression("format(github.ref, 1, 2)"), IsEmpty());
}

TEST(JsonText, FindsALiteralThatIsNoJson) {
  EXPECT_THAT(findings_of_expression("contains(fromJSON('[\"a\", 1'), 'a')"),
              ElementsAre(HasSubstr("15:36 json-text: fromJSON() gets a text that is no JSON")));
  EXPECT_THAT(findings_of_expression("fromJSON('')"), ElementsAre(HasSubstr("it is empty")));
  EXPECT_THAT(findings_of_expression("contains(fromJSON('[\"a\", 1]'), 'a')"), IsEmpty());
}

TEST(ConstantCondition, FindsConditionsOfLiterals) {
  EXPECT_THAT(findings_of_condition("true"),
              ElementsAre("16:13 constant-condition: this condition is always true: remove it"));
  for (const auto* bad :
       {"false", "${{ false }}", "'true && 42 || !null'", "\"${{ contains('abc', 'b') }}\""})
    EXPECT_THAT(findings_of_condition(bad), ElementsAre(HasSubstr("constant-condition"))) << bad;
  for (const auto* good : {"always()", "${{ matrix.big }}", "github.ref == 'a'", "hashFiles('a') != ''"})
    EXPECT_THAT(findings_of_condition(good), IsEmpty()) << good;
}

TEST(ConditionInText, FindsTextAroundAnExpression) {
  for (const auto* bad : {"${{ matrix.big }} && ${{ matrix.big }}", "'${{ matrix.big }} '",
                          "'!${{ matrix.big }}'", "|\n          ${{ matrix.big }}"})
    EXPECT_THAT(findings_of_condition(bad), ElementsAre(HasSubstr("16:13 condition-in-text: "))) << bad;
  for (const auto* good : {"${{ matrix.big }}", "|\n          matrix.big", "|-\n          ${{ matrix.big }}"})
    EXPECT_THAT(findings_of_condition(good), IsEmpty()) << good;
}

TEST(ExpressionPlaces, AreWhereTheExpressionStandsInABlock) {
  EXPECT_THAT(findings_of(job_with(R"(    steps:
      - run: |
          echo hello

          echo ä ${{ github.reff }}
      - run: >-
          echo
          ${{ github.reff }}
      - run: "a \"b\" ${{
          github.reff }}"
)")),
              ElementsAre(HasSubstr("18:29 "), HasSubstr("21:22 "), HasSubstr("23:18 ")));
}

TEST(ExpressionPlaces, AreAllThatTheSchemaKnows) {
  EXPECT_THAT(findings_of(R"(on: push
run-name: ${{ github.a1 }}
env: {A: '${{ github.a2 }}', '${{ github.a3 }}': x}
concurrency: {group: '${{ github.a4 }}'}
jobs:
  a:
    defaults: {run: {shell: '${{ github.a5 }}'}}
    name: ${{ github.a6 }}
    runs-on: ['${{ github.a7 }}']
    environment: {name: '${{ github.a8 }}', url: '${{ github.a9 }}'}
    strategy: {matrix: {x: ['${{ github.b1 }}'], include: [{x: '${{ github.b2 }}'}]}}
    concurrency: ${{ github.b3 }}
    container: {image: '${{ github.b4 }}', env: {A: '${{ github.b5 }}'}}
    services: {x: {image: '${{ github.b6 }}'}}
    if: github.b7
    steps:
      - uses: a/b@v1
        with: {x: '${{ github.b8 }}'}
        if: ${{ github.b9 }}
)")
                  .size(),
              18U);
}

TEST(ExpressionRules, SayNothingOfWhatGitHubRefuses) {
  EXPECT_THAT(findings_of_expression("unknown.a"), IsEmpty());
  EXPECT_THAT(findings_of_expression("1 +"), IsEmpty());
  EXPECT_THAT(findings_of("jobs: [1]\non: {x: [{}]}"), IsEmpty());
}

}  // namespace
}  // namespace workflow::lint
