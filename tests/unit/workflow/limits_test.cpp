// What is small as text and large or slow as what it stands for. Found by fuzzing and by files made to that
// end.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "base/strings.h"
#include "expression_fixture.h"
#include "workflow/load_workflow.h"
#include "workflow/matrix.h"
#include "workflow/plan.h"
#include "workflow/yaml_reader.h"

namespace workflow {
namespace {

std::string repeated(std::string_view text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

std::string first_yaml_problem(std::string_view text) {
  Diagnostics problems;
  read_yaml("file.yml", text, problems);
  return problems.empty() ? "" : to_string(problems.front());
}

Node node_of(std::string_view text) {
  Diagnostics problems;
  auto node = read_yaml("matrix.yml", text, problems);
  EXPECT_TRUE(problems.empty()) << to_string(problems.front());
  return node;
}

/// The names of a job's legs, or the message of the error.
std::string legs_of(std::string_view matrix, const Contexts& contexts = {}) {
  const Job job{.id = "job", .strategy = {.matrix = node_of(matrix)}};
  const auto legs = expand_job({}, job, contexts);
  if (!legs) return legs.error().message;
  std::vector<std::string> names;
  for (const auto& leg : *legs) names.push_back(leg.name);
  return base::join(names, " ");
}

TEST(YamlLimits, CountWhatStandsBehindAnchorsInOneAnother) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += fmt::format("&a{} [", i);
  EXPECT_EQ(first_yaml_problem(text + repeated("x, ", 1000) + repeated("]", 40)), "");
  EXPECT_NE(first_yaml_problem(text + repeated("x, ", 10'000) + repeated("]", 40)).find("behind anchors"),
            std::string::npos);
}

TEST(YamlReader, ReadsBytesThatAreNoUtf8AsTheirReplacement) {
  EXPECT_EQ(node_of("key: \xbfx")["key"].text, "\ufffdx");
}

TEST(YamlReader, RefusesAMappingAsOneKeyOfSeveral) {
  EXPECT_EQ(first_yaml_problem("{{a}: , b: 1}"), "file.yml:1:2: A key must be a scalar");
  EXPECT_EQ(first_yaml_problem("{b: 1, {a}: }"), "file.yml:1:8: A key must be a scalar");
  EXPECT_EQ(first_yaml_problem("a: {{ b }}"), "");
}

TEST(SchemaCheck, NamesWhatMayStandBesideManyWrongKeysInLinearTime) {
  std::string text = "on: push\njobs: {a: {runs-on: x, steps: [{run: make}]}}\npermissions:\n";
  for (int i = 0; i < 20'000; ++i) text += fmt::format("  p{}: read\n", i);
  const auto draft = read_workflow("file.yml", text, 1000);
  EXPECT_EQ(draft.diagnostics.size(), 1000U);
}

TEST(Matrix, MultipliesTheFirstVectorSlowest) {
  EXPECT_EQ(legs_of("a: [1, 2]\nb: [x, y]"), "job (1, x) job (1, y) job (2, x) job (2, y)");
  EXPECT_EQ(legs_of("a: [1, 2]\nb: [x, y]\nexclude: [{a: 1, b: y}, {a: '2', b: x}]"),
            "job (1, x) job (2, y)");
  EXPECT_EQ(legs_of("a: [1, 2]\ninclude: [{a: 1, b: x}, {b: y}, {a: 3}]"), "job (1) job (2) job (3)");
}

TEST(Matrix, NamesALegOfLongValuesByTheirBeginning) {
  const auto name = legs_of("a: [" + repeated("x", 100'000) + "]");
  EXPECT_EQ(name, "job (" + repeated("x", 92) + "...");
}

TEST(Matrix, TellsLegsOfTheSameValuesApart) {
  const Job job{.id = "job", .strategy = {.matrix = node_of("a: [x, x, '']\ninclude: [{b: x}, {a: y}]")}};
  const auto legs = expand_job({}, job, {});
  ASSERT_TRUE(legs.ok());
  std::vector<std::string> keys;
  for (const auto& leg : *legs) keys.push_back(leg.key);
  EXPECT_EQ(base::join(keys, "; "), "job (x); job (x) #2; job; job (y)");
}

TEST(Matrix, HasALimitForWhatIsCompared) {
  std::string text = "exclude:\n" + repeated("  - {a: 0, b: 0}\n", 5'000);
  for (const char name : {'a', 'b', 'c'}) text += fmt::format("{}: [{}]\n", name, repeated("1, ", 25));
  EXPECT_EQ(legs_of(text), "the matrix has too many combinations, excludes and includes to compare");
}

TEST(Matrix, HasALimitForTheValuesOfAllCombinations) {
  std::string many = "a: [" + repeated("1, ", 200) + "]\ninclude:\n";
  for (int i = 0; i < 5'000; ++i) many += fmt::format("  - b{}: 1\n", i);
  EXPECT_EQ(legs_of(many), "the combinations of the matrix have more than 500000 values together");
  std::string wide = "a: [" + repeated("1, ", 200) + "]\n";
  for (int i = 0; i < 5'000; ++i) wide += fmt::format("b{}: [1]\n", i);
  EXPECT_EQ(legs_of(wide), "the combinations of the matrix have more than 500000 values together");
}

TEST(EvaluateNode, HasALimitForTheValuesOfAllExpressions) {
  Contexts contexts;
  contexts.set_member("env", "LONG", expression::Value(repeated("x", 1'000'000)));
  EXPECT_EQ(legs_of("a: [\"${{ env.LONG }}\", \"${{ format('{0}', env.LONG) }}\"]", contexts).substr(0, 8),
            "job (xxx");
  EXPECT_NE(legs_of("a: [" + repeated("\"${{ env.LONG }}\", ", 20) + "]", contexts).find("larger than 10 MB"),
            std::string::npos);
}

TEST(ExpressionLimits, CountWhatIsReadFromTextAndWhatFiltersPick) {
  const std::string contexts = "{\"x\": \"[" + repeated("1,", 20'000) + "1]\"}";
  EXPECT_EQ(expression::evaluated("fromJSON(x)[0]", contexts), "1");
  EXPECT_EQ(expression::evaluated("join(fromJSON(x).*, '') == ''", contexts), "false");
  const auto often = repeated("fromJSON(x)[1] == 2 || ", 40) + "true";
  EXPECT_NE(expression::evaluated(often, contexts).find("maximum allowed memory"), std::string::npos);
  const std::string list = "{\"x\": [" + repeated("1,", 20'000) + "1]}";
  EXPECT_NE(
      expression::evaluated(repeated("x.*.a == 2 || ", 10) + "true", list).find("maximum allowed memory"),
      std::string::npos);
}

TEST(ExpressionLimits, EndToJsonWhereItGrowsTooLarge) {
  // Each element stands behind four hundred spaces.
  const std::string deep =
      "{\"x\": " + repeated("[", 190) + repeated("1,", 200'000) + "1" + repeated("]", 190) + "}";
  EXPECT_EQ(expression::evaluated("toJSON(x)", deep),
            "error: The result of toJSON() is larger than 10 MB. Located at position 1 within expression: "
            "toJSON(x)");
}

}  // namespace
}  // namespace workflow
