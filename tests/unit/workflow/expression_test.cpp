#include "expression_fixture.h"
#include "workflow/expression/functions.h"
#include "workflow/expression/syntax.h"

namespace workflow::expression {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Example {
  const char* expression;
  const char* outcome;
};

class Expression : public testing::TestWithParam<Example> {};

TEST_P(Expression, GivesItsValue) {
  EXPECT_EQ(
      evaluated(GetParam().expression, R"({"a": {"b": [1, 2, {"c": null}], "Name": "x"}, "empty": ""})"),
      GetParam().outcome);
}

INSTANTIATE_TEST_SUITE_P(Literals, Expression,
                         testing::Values(Example{"'it''s'", R"("it's")"}, Example{"''", R"("")"},
                                         Example{"0xff", "255"}, Example{"0xffffffff", "-1"},
                                         Example{"0o17", "15"}, Example{"-1.5e3", "-1500"},
                                         Example{".5", "0.5"}, Example{"true", "true"},
                                         Example{"null", "null"}, Example{"", "null"},
                                         Example{"-Infinity", "-Infinity"}, Example{"NaN", "NaN"}));

INSTANTIATE_TEST_SUITE_P(Coercion, Expression,
                         testing::Values(Example{"null == 0", "true"}, Example{"'' == 0", "true"},
                                         Example{"true == 1", "true"}, Example{"'1' == true", "true"},
                                         Example{"'abc' == 0", "false"}, Example{"'0x10' == 16", "true"},
                                         Example{"' 5 ' == 5", "true"}, Example{"NaN == NaN", "false"},
                                         Example{"null == ''", "true"}, Example{"a == a", "true"},
                                         Example{"a.b == fromJSON('[]')", "false"},
                                         Example{"'ABC' == 'abc'", "true"}, Example{"'a' < 'B'", "true"},
                                         Example{"null < 1", "true"}, Example{"NaN < 1", "false"},
                                         Example{"NaN >= 1", "false"}, Example{"a > 1", "false"}));

INSTANTIATE_TEST_SUITE_P(
    Operators, Expression,
    testing::Values(Example{"false || 'x'", R"("x")"}, Example{"'x' && 0", "0"},
                    Example{"'' || null", "null"}, Example{"!''", "true"}, Example{"!!'x'", "true"},
                    Example{"!0 == true", "true"}, Example{"1 == 1 && 2 > 1", "true"},
                    Example{"false && true || true", "true"}, Example{"true || false && false", "true"},
                    Example{"(true || false) && false", "false"}, Example{"1 < 2 == true", "true"}));

INSTANTIATE_TEST_SUITE_P(
    Access, Expression,
    testing::Values(Example{"a.NAME", R"("x")"}, Example{"A['name']", R"("x")"}, Example{"a.nothing", "null"},
                    Example{"a.nothing.more", "null"}, Example{"a.b[0]", "1"}, Example{"a.b[1.9]", "2"},
                    Example{"a.b['1']", "2"}, Example{"a.b[-1]", "null"}, Example{"a.b[9]", "null"},
                    Example{"a.b.*.c", "[null]"}, Example{"a.*[0]", "[1]"}, Example{"empty.*", "[]"},
                    Example{"a.b.*", R"([1,2,{"c":null}])"}, Example{"a[a.nothing]", "null"}));

INSTANTIATE_TEST_SUITE_P(
    Functions, Expression,
    testing::Values(Example{"contains('Hello', 'ELL')", "true"}, Example{"contains(a.b, 2)", "true"},
                    Example{"contains(a.b, '2')", "true"}, Example{"contains(a, 'x')", "false"},
                    Example{"startsWith('refs/heads/main', 'REFS/')", "true"},
                    Example{"endsWith('main', '')", "true"}, Example{"join(a.b, '-')", R"("1-2-")"},
                    Example{"join('x')", R"("x")"}, Example{"format('{0}{{}}{1}', 1, true)", R"("1{}true")"},
                    Example{"toJSON(1.5)", R"("1.5")"}, Example{"fromJSON('[1, {\"A\": 2}]')[1].a", "2"},
                    Example{"case(a.nothing == null, 1, 2)", "1"}, Example{"CONTAINS('a', 'a')", "true"},
                    Example{"format('{0}', a.b)", R"("Array")"}));

INSTANTIATE_TEST_SUITE_P(
    Mistakes, Expression,
    testing::Values(
        Example{"unknown",
                "error: Unrecognized named-value: 'unknown'. Located at position 1 within "
                "expression: unknown"},
        Example{"false && unknown",
                "error: Unrecognized named-value: 'unknown'. Located at position 10 "
                "within expression: false && unknown"},
        Example{
            "nothing()",
            "error: Unrecognized function: 'nothing'. Located at position 1 within expression: nothing()"},
        Example{"a.",
                "error: Unexpected end of expression: '.'. Located at position 2 within expression: a."},
        Example{"(1",
                "error: Unexpected end of expression: '1'. Located at position 2 within expression: (1"},
        Example{"1 +", "error: Unexpected symbol: '+'. Located at position 3 within expression: 1 +"},
        Example{"'open", "error: Unexpected symbol: ''open'. Located at position 1 within expression: 'open"},
        Example{"\"x\"", "error: Unexpected symbol: '\"x\"'. Located at position 1 within expression: \"x\""},
        Example{"contains('a')",
                "error: Too few parameters supplied: 'contains'. Located at position 1 within "
                "expression: contains('a')"},
        Example{"always(1)",
                "error: Too many parameters supplied: 'always'. Located at position 1 within "
                "expression: always(1)"},
        Example{"format('{0}')",
                "error: The following format string references more arguments than were supplied: {0}. "
                "Located at position 1 within expression: format('{0}')"},
        Example{"success()",
                "error: The function success() cannot be used here. Located at position 1 within expression: "
                "success()"},
        Example{"hashFiles('*')",
                "error: The function hashFiles() cannot be used here. Located at position 1 within "
                "expression: hashFiles('*')"}));

TEST(Numbers, ArePrintedWithFifteenDigits) {
  EXPECT_EQ(number_to_text(0.1 + 0.2), "0.3");
  EXPECT_EQ(number_to_text(-0.0), "0");
  EXPECT_EQ(number_to_text(1e15), "1E+15");
  EXPECT_EQ(number_to_text(123456789012345), "123456789012345");
  EXPECT_EQ(number_to_text(1.0 / 3), "0.333333333333333");
  EXPECT_EQ(number_to_text(0.00001), "1E-05");
  EXPECT_EQ(number_to_text(1587106672383762434.0), "1.58710667238376E+18");
}

TEST(Objects, KeepTheirOrderAndFindKeysWithoutCase) {
  Object object;
  for (int i = 0; i < 100; ++i) object.set("Key" + std::to_string(i), i);
  object.set("kEY7", "seven");
  ASSERT_EQ(object.members().size(), 100U);
  EXPECT_EQ(object.members()[7].first, "Key7");
  EXPECT_EQ(object.find("KEY7")->to_text(), "seven");
  EXPECT_EQ(object.find("key39")->to_text(), "39");
  EXPECT_EQ(object.find("key100"), nullptr);
}

TEST(Values, ChangeForTheirHolderAlone) {
  Object object;
  object.set("a", 1);
  Value mine(std::move(object));
  const Value theirs = mine;
  mine.own_object().set("a", 2);
  EXPECT_EQ(mine.get("a").number(), 2);
  EXPECT_EQ(theirs.get("a").number(), 1);
  const Object* before = &mine.object();
  mine.own_object().set("b", 3);
  EXPECT_EQ(&mine.object(), before) << "copied though nobody else holds it";
}

TEST(ToJson, IndentsByTwoAndEscapesNoMarkup) {
  EXPECT_EQ(to_json_text(from_json(*base::parse_json(R"({"z": [1, []], "a": {}, "t": "<&>é\n"})"))),
            "{\n  \"z\": [\n    1,\n    []\n  ],\n  \"a\": {},\n  \"t\": \"<&>é\\n\"\n}");
}

TEST(FromJson, SaysWhereTheTextIsWrong) {
  EXPECT_THAT(evaluated("fromJSON('{\"a\": }')"), StartsWith("error: Error parsing fromJson: "));
  EXPECT_THAT(evaluated("fromJSON('')"), HasSubstr("the input is empty"));
}

TEST(StatusFunctions, AnswerFromTheirSurroundings) {
  std::vector<std::string> asked;
  const Surroundings surroundings{.status = {.success =
                                                 [&](const std::vector<std::string>& ids) {
                                                   asked = ids;
                                                   return true;
                                                 },
                                             .failure = [](const auto&) { return false; },
                                             .cancelled = [] { return true; }}};
  EXPECT_TRUE(
      evaluate_expression("success('build', 'test') && cancelled() && !failure()", surroundings)->truthy());
  EXPECT_THAT(asked, testing::ElementsAre("build", "test"));
  EXPECT_TRUE(evaluate_expression("always()", surroundings)->truthy());
}

TEST(Parser, CountsAChainOfOneOperatorAsOneLevel) {
  std::string chain = "true";
  for (int i = 0; i < 2000; ++i) chain += " && true";
  EXPECT_EQ(evaluated(chain), "true");
  const auto tree = parse_expression(chain);
  ASSERT_TRUE(tree.ok());
  EXPECT_EQ((*tree)->children.size(), 2001U);
}

TEST(Parser, RefusesWhatIsTooDeepOrTooLong) {
  EXPECT_THAT(evaluated(std::string(51, '!') + "true"), HasSubstr("Exceeded max expression depth 50"));
  EXPECT_THAT(evaluated(std::string(20'000, '(')), HasSubstr("Exceeded max expression depth 50"));
  EXPECT_EQ(evaluated(std::string(100, '(') + "1" + std::string(100, ')')), "1");
  EXPECT_THAT(evaluated("'" + std::string(21'000, 'x') + "'"),
              HasSubstr("Exceeded max expression length 21000"));
}

TEST(Evaluator, BoundsTheMemoryOfOneExpression) {
  std::string text = "format('{0}{0}{0}{0}{0}{0}{0}{0}{0}{0}', 'xxxxxxxxxx')";
  for (int i = 0; i < 5; ++i) text = "format('{0}{0}{0}{0}{0}{0}{0}{0}{0}{0}', " + text + ")";
  EXPECT_THAT(evaluated(text), HasSubstr("The maximum allowed memory size was exceeded"));
}

}  // namespace
}  // namespace workflow::expression
