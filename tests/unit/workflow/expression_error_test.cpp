// Where an error says that it is: the place of the text in its file, the position within the expression.

#include <gmock/gmock.h>

#include "base/json.h"
#include "workflow/contexts.h"
#include "workflow/load_workflow.h"

namespace workflow {
namespace {

using expression::Value;
using testing::HasSubstr;
using testing::Not;

class EvaluationErrors : public testing::Test {
 protected:
  EvaluationErrors() {
    const auto json = base::parse_json(R"({"bad": "{", "list": [1], "map": {"a": 1}, "text": "x"})");
    contexts_.set("env", expression::from_json(*json));
  }
  Scope scope() {
    return {.contexts = contexts_,
            .status = {.success = [](const auto&) { return true; },
                       .failure = [](const auto&) { return false; },
                       .cancelled = [] { return false; }},
            .file = "ci.yml"};
  }
  std::string text_error(const std::string& text) {
    const auto result = evaluate_text(Text{text, 7, 9}, scope());
    return result ? "no error: " + *result : result.error().to_string();
  }
  std::string condition_error(const std::string& text) {
    const auto result = evaluate_condition(Text{text, 4, 5}, scope());
    return result ? "no error" : result.error().to_string();
  }

  Contexts contexts_;
};

TEST_F(EvaluationErrors, HaveThePlaceOfTheTextAndThePositionOfTheCall) {
  const auto error = text_error("a ${{ env.text || 'y' }} ${{ 1 == 2 || fromJSON(env.bad) }}");
  EXPECT_THAT(error, HasSubstr("ci.yml:7:9: Error parsing fromJson"));
  EXPECT_THAT(error, HasSubstr("Located at position 11 within expression: 1 == 2 || fromJSON(env.bad)"));
}

TEST_F(EvaluationErrors, PointAtTheInnermostNodeThatFailed) {
  EXPECT_THAT(text_error("${{ join(fromJSON(format('{0}', format('{1}', 1)))) }}"),
              HasSubstr("Located at position 29 within expression"));
  EXPECT_THAT(text_error("${{ case(true, fromJSON(''), 1) }}"), HasSubstr("Located at position 12 within"));
  EXPECT_THAT(text_error("${{ case('x', 1, 2) }}"), HasSubstr("Located at position 1 within"));
  EXPECT_THAT(text_error("${{ !hashFiles('**') }}"), HasSubstr("Located at position 2 within"));
}

TEST_F(EvaluationErrors, OfConditionsCountFromWhatIsWritten) {
  const auto error = condition_error("env.text == 'x' && fromJSON(env.bad)");
  EXPECT_THAT(error, HasSubstr("ci.yml:4:5: "));
  EXPECT_THAT(error, HasSubstr("position 20 within expression: env.text == 'x' && fromJSON(env.bad)"));
  EXPECT_THAT(error, Not(HasSubstr("success()")));
}

TEST_F(EvaluationErrors, OfWhatIsNoExpressionHaveAPlaceToo) {
  EXPECT_THAT(text_error("${{ env..x }}"), HasSubstr("ci.yml:7:9: Unexpected symbol"));
  EXPECT_THAT(text_error("${{ nope.x }}"),
              HasSubstr("ci.yml:7:9: Unrecognized named-value: 'nope'. Located at"));
  EXPECT_THAT(text_error("${{ env.map }}"),
              HasSubstr("ci.yml:7:9: A mapping was given where text is expected"));
}

TEST_F(EvaluationErrors, KeepTheirPlaceWhenTheFileIsToldLater) {
  auto without_file = scope();
  without_file.file = {};
  const auto result = evaluate_text(Text{"${{ fromJSON('') }}", 3, 1}, without_file);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().to_string(), HasSubstr("line 3, column 1: Error parsing fromJson"));
  EXPECT_THAT(in_file(result.error(), "a.yml").to_string(), HasSubstr("a.yml:3:1: Error parsing fromJson"));
  EXPECT_EQ(in_file(in_file(result.error(), "a.yml"), "b.yml").location->file, "a.yml");
}

TEST_F(EvaluationErrors, OfACancelledJobAreNotMadeByItsCondition) {
  auto failed = scope();
  failed.status.success = [](const auto&) { return false; };
  const auto holds = evaluate_condition(Text{"fromJSON(env.bad)", 4, 5}, failed);
  ASSERT_TRUE(holds) << "success() && is asked first, as GitHub does";
  EXPECT_FALSE(*holds);
}

class NodesWithExpressions : public EvaluationErrors {
 protected:
  /// What `strategy.matrix` of a job evaluates to, as JSON text.
  std::string evaluated(const std::string& matrix) {
    const auto loaded =
        load_workflow("ci.yml", "on: push\njobs:\n  a:\n    runs-on: x\n    strategy:\n      matrix:\n" +
                                    matrix + "    steps: [{run: x}]\n");
    if (!loaded.workflow) return loaded.diagnostics.at(0).message;
    contexts_.set("github", contexts_.get("env"));
    const auto value = evaluate_node(loaded.workflow->jobs.at(0).strategy.matrix, scope());
    return value ? base::to_text(expression::to_json(*value)) : value.error().to_string();
  }
};

TEST_F(NodesWithExpressions, KeepTheTypeOfASingleExpressionAndMakeTextOfAMixedOne) {
  EXPECT_EQ(
      evaluated("        a: ['${{ github.list }}x', '${{ 1.50 }}', '${{ true }} ', '${{ github.map.a }}']\n"),
      R"({"a":["Arrayx",1.5,"true ",1]})");
}

TEST_F(NodesWithExpressions, FlattenASequenceInASequence) {
  EXPECT_EQ(evaluated("        a: [0, '${{ github.list }}', '${{ fromJSON(''[[2],3]'') }}']\n"),
            R"({"a":[0,1,[2],3]})");
  EXPECT_EQ(evaluated("        a: [[0, '${{ github.list }}'], 5]\n"), R"({"a":[[0,1],5]})");
}

TEST_F(NodesWithExpressions, InsertTheMembersOfAMapping) {
  EXPECT_EQ(evaluated("        include:\n          - b: 2\n            ${{ insert }}: ${{ github.map }}\n"),
            R"({"include":[{"b":2,"a":1}]})");
  EXPECT_EQ(evaluated("        include:\n          - ${{ github.text }}: 2\n"), R"({"include":[{"x":2}]})");
}

TEST_F(NodesWithExpressions, RefuseAKeyThatIsThereAlready) {
  EXPECT_THAT(evaluated("        include:\n          - A: 2\n            ${{ insert }}: ${{ github.map }}\n"),
              HasSubstr("ci.yml:9:13: 'a' is already defined"));
  EXPECT_THAT(evaluated("        include:\n          - ${{ insert }}: ${{ github.list }}\n"),
              HasSubstr("insert needs a mapping"));
}

}  // namespace
}  // namespace workflow
