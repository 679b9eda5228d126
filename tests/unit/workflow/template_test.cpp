#include "workflow/expression/template.h"

#include "expression_fixture.h"

namespace workflow::expression {
namespace {

using testing::HasSubstr;

class Template : public testing::Test {
 protected:
  Template() {
    Object github;
    github.set("ref", "refs/heads/main");
    github.set("number", 7);
    github_ = Value(std::move(github));
  }
  Surroundings surroundings() {
    return {.named_value = [this](std::string_view name) { return name == "github" ? &github_ : nullptr; }};
  }
  std::string text_of(std::string_view text) {
    const auto result = evaluate_text(text, surroundings());
    return result ? *result : "error: " + result.error().message;
  }

  Value github_;
};

TEST_F(Template, PutsValuesIntoText) {
  EXPECT_EQ(text_of("no expression"), "no expression");
  EXPECT_EQ(text_of("on ${{ github.ref }}, #${{github.number}}!"), "on refs/heads/main, #7!");
  EXPECT_EQ(text_of("${{ null }}|${{ true }}|${{ 1.50 }}"), "|true|1.5");
  EXPECT_EQ(text_of("$${{ 1 }} ${ {} }} }}"), "$1 ${ {} }} }}");
}

TEST_F(Template, LetsBracesStandInQuotes) {
  EXPECT_EQ(text_of("${{ '}}' }}"), "}}");
  EXPECT_EQ(text_of("${{ 'it''s }}' }}."), "it's }}.");
}

TEST_F(Template, KeepsTheTypeOfASingleExpression) {
  EXPECT_EQ(evaluate_template("${{ github.number }}", surroundings())->kind(), Kind::number);
  EXPECT_EQ(evaluate_template("${{ github }}", surroundings())->kind(), Kind::object);
  EXPECT_EQ(evaluate_template(" ${{ github.number }}", surroundings())->kind(), Kind::string);
}

TEST_F(Template, SaysWhatIsWrong) {
  EXPECT_THAT(text_of("${{ github.ref"), HasSubstr("The expression is not closed"));
  EXPECT_THAT(text_of("a ${{ }}"), HasSubstr("An expression was expected"));
  EXPECT_THAT(text_of("${{ github }}"), HasSubstr("toJSON()"));
}

std::string condition(std::string_view text) {
  const auto result = condition_expression(text);
  return result ? *result : "error: " + result.error().message;
}

TEST(Condition, AsksForSuccessUnlessItAsksForAStatus) {
  EXPECT_EQ(condition(""), "success()");
  EXPECT_EQ(condition("github.ref == 'x'"), "success() && (github.ref == 'x')");
  EXPECT_EQ(condition("${{ github.ref }}"), "success() && (github.ref)");
  EXPECT_EQ(condition("always()"), "always()");
  EXPECT_EQ(condition("${{ !CANCELLED() }}"), "!CANCELLED()");
  EXPECT_EQ(condition("fromJSON(toJSON(failure()))"), "fromJSON(toJSON(failure()))");
  EXPECT_EQ(condition("'always()' == github.ref"), "success() && ('always()' == github.ref)");
}

TEST(Condition, TakesTextAroundBracesForText) {
  EXPECT_EQ(condition("false || ${{ true }}"), "success() && (format('false || {0}', true))");
  EXPECT_EQ(condition("it's {x} ${{ true }}"), "success() && (format('it''s {{x}} {0}', true))");
}

TEST(Condition, SaysWhatIsWrong) {
  EXPECT_THAT(condition("github.ref ="), HasSubstr("Unexpected symbol: '='"));
  EXPECT_THAT(condition("${{ }}"), HasSubstr("An expression was expected"));
}

}  // namespace
}  // namespace workflow::expression
