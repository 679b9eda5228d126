#include "workflow/matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/strings.h"
#include "workflow/load_workflow.h"
#include "workflow/plan.h"

namespace workflow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

base::Result<std::vector<Combination>> expand(const std::string& matrix) {
  return expand_matrix(expression::from_json(*base::parse_json(matrix)));
}
/// `{json} (name)` of each.
std::vector<std::string> legs(const std::string& matrix) {
  const auto combinations = expand(matrix);
  if (!combinations) return {combinations.error().message};
  std::vector<std::string> texts;
  for (const auto& combination : *combinations) {
    texts.push_back(base::to_text(expression::to_json(combination.values)) + " " +
                    job_display_name("j", combination));
  }
  return texts;
}

TEST(Matrix, TakesTheProductWithTheFirstVectorSlowest) {
  EXPECT_THAT(legs(R"({"os": ["a", "b"], "n": [1, 2.5, true]})"),
              ElementsAre(R"({"os":"a","n":1} j (a, 1))", R"({"os":"a","n":2.5} j (a, 2.5))",
                          R"({"os":"a","n":true} j (a, true))", R"({"os":"b","n":1} j (b, 1))",
                          R"({"os":"b","n":2.5} j (b, 2.5))", R"({"os":"b","n":true} j (b, true))"));
}

TEST(Matrix, ExcludesWhatAFilterMatchesInPartDeeplyAndLoosely) {
  EXPECT_THAT(
      legs(R"({"os": ["a", "b"], "n": [1, 2], "exclude": [{"os": "A", "n": "1"}, {"n": 2, "os": "b"}]})"),
      ElementsAre(R"({"os":"a","n":2} j (a, 2))", R"({"os":"b","n":1} j (b, 1))"));
  EXPECT_THAT(legs(R"({"c": [{"x": 1, "y": 2}, {"x": 3}], "exclude": [{"c": {"x": 1}}]})"),
              ElementsAre(R"({"c":{"x":3}} j (3))"));
  EXPECT_THAT(legs(R"({"c": [[1, 2], [1, 3]], "exclude": [{"c": [1, 2]}]})"),
              ElementsAre(R"({"c":[1,3]} j (1, 3))"));
  // Only what the filter names counts: it is a prefix of the longer one.
  EXPECT_THAT(legs(R"({"c": [[1, 2], [2]], "exclude": [{"c": [1]}]})"), ElementsAre(R"({"c":[2]} j (2))"));
  // What is not there is null, and null equals 0 and ''.
  EXPECT_THAT(legs(R"({"c": [{"x": 1}, {"x": 2, "y": 5}], "exclude": [{"c": {"y": null}}]})"),
              ElementsAre(R"({"c":{"x":2,"y":5}} j (2, 5))"));
  EXPECT_THAT(legs(R"({"c": ["s", {"y": 5}], "exclude": [{"c": {"y": ""}}]})"),
              ElementsAre(R"({"c":{"y":5}} j (5))"));
}

TEST(Matrix, AddsToEveryCombinationThatAnIncludeFitsAndAppendsTheOthers) {
  // The example of GitHub's documentation.
  EXPECT_THAT(
      legs(R"({"fruit": ["apple", "pear"], "animal": ["cat", "dog"], "include": [
                {"color": "green"}, {"color": "pink", "animal": "cat"}, {"fruit": "apple", "shape": "circle"},
                {"fruit": "banana"}, {"fruit": "banana", "animal": "cat"}]})"),
      ElementsAre(R"({"fruit":"apple","animal":"cat","color":"pink","shape":"circle"} j (apple, cat))",
                  R"({"fruit":"apple","animal":"dog","color":"green","shape":"circle"} j (apple, dog))",
                  R"({"fruit":"pear","animal":"cat","color":"pink"} j (pear, cat))",
                  R"({"fruit":"pear","animal":"dog","color":"green"} j (pear, dog))",
                  R"({"fruit":"banana"} j (banana))",
                  R"({"fruit":"banana","animal":"cat"} j (banana, cat))"));
}

TEST(Matrix, KeepsTheVectorsValueWhereAnIncludeEqualsItOnlyLoosely) {
  EXPECT_THAT(legs(R"({"os": ["linux"], "include": [{"OS": "LINUX", "x": 1}]})"),
              ElementsAre(R"({"os":"linux","x":1} j (linux))"));
}

TEST(Matrix, HoldsIncludesAgainstTheVectorsAndNotAgainstWhatOthersAdded) {
  EXPECT_THAT(legs(R"({"a": [1], "include": [{"a": 1, "x": 1}, {"a": 1, "x": 2}, {"x": 3, "a": 9}]})"),
              ElementsAre(R"({"a":1,"x":2} j (1))", R"({"a":9,"x":3} j (9, 3))"));
}

TEST(Matrix, IncludesAgainWhatWasExcluded) {
  EXPECT_THAT(legs(R"({"a": [1, 2], "exclude": [{"a": 1}], "include": [{"a": 1, "b": 5}]})"),
              ElementsAre(R"({"a":2} j (2))", R"({"a":1,"b":5} j (1, 5))"));
}

TEST(Matrix, MayHaveIncludesAlone) {
  EXPECT_THAT(legs(R"({"include": [{"a": 1}, {"b": null, "c": ""}]})"),
              ElementsAre(R"({"a":1} j (1))", R"({"b":null,"c":""} j)"));
}

TEST(Matrix, MayBeExcludedWhole) {
  EXPECT_THAT(legs(R"({"a": [1], "exclude": [{"a": 1}]})"), ElementsAre());
}

TEST(Matrix, RefusesWhatSaysNothing) {
  EXPECT_THAT(legs(R"({"a": []})"), ElementsAre("Matrix vector 'a' does not contain any values"));
  EXPECT_THAT(legs(R"({"exclude": []})"), ElementsAre("Matrix must define at least one vector"));
  EXPECT_THAT(legs(R"({"include": []})"), ElementsAre("Matrix must define at least one vector"));
  EXPECT_THAT(legs(R"({"a": [1], "exclude": [{}]})"), ElementsAre("Matrix exclude filter must not be empty"));
  EXPECT_THAT(legs(R"({"a": [1], "include": [{}]})"),
              ElementsAre("Matrix include mapping does not contain any values"));
  EXPECT_THAT(legs(R"({"a": [1], "exclude": [{"b": 1}]})"),
              ElementsAre("Matrix exclude key 'b' does not match any key within the matrix"));
  EXPECT_THAT(legs(R"({"a": "x"})"), ElementsAre(HasSubstr("Matrix vector 'a': expected a sequence")));
  EXPECT_THAT(legs(R"({"a": [1], "include": null})"),
              ElementsAre(HasSubstr("matrix.include: expected a sequence")));
  EXPECT_THAT(legs(R"([1])"), ElementsAre("expected the matrix to be a mapping"));
}

TEST(Matrix, HasAtMost256Jobs) {
  std::string sixteen = "[0";
  for (int i = 1; i < 16; ++i) sixteen += "," + std::to_string(i);
  sixteen += "]";
  EXPECT_EQ(legs(R"({"a": )" + sixteen + R"(, "b": )" + sixteen + "}").size(), 256U);
  EXPECT_THAT(legs(R"({"a": )" + sixteen + R"(, "b": )" + sixteen + R"(, "include": [{"a": 99}]})"),
              ElementsAre("the matrix has 257 jobs; 256 is the limit"));
  EXPECT_THAT(legs(R"({"a": )" + sixteen + R"(, "b": )" + sixteen + R"(, "c": )" + sixteen + R"(, "d": )" +
                   sixteen + R"(, "e": )" + sixteen + "}"),
              ElementsAre(HasSubstr("far larger than 256")));
}

TEST(MatrixNames, AreCutAt100CharactersOfUtf16) {
  const auto name_of = [](const std::string& value) { return job_display_name("j", {.segments = {value}}); };
  EXPECT_EQ(name_of(std::string(96, 'x')), "j (" + std::string(96, 'x') + ")");
  EXPECT_EQ(name_of(std::string(97, 'x')), "j (" + std::string(94, 'x') + "...");
  std::string umlauts;
  for (int i = 0; i < 96; ++i) umlauts += "ä";
  EXPECT_EQ(name_of(umlauts), "j (" + umlauts + ")");
  EXPECT_EQ(name_of(umlauts + "ä"), "j (" + umlauts.substr(0, 188) + "...");
  std::string faces;
  for (int i = 0; i < 60; ++i) faces += "😀";
  EXPECT_EQ(name_of(faces), "j (" + faces.substr(0, 4UL * 47) + "...");
  EXPECT_EQ(name_of(std::string(9000, '\xbf')).size(), 3 + 94 * 3 + 3) << "each stray byte is a character";
}

std::vector<std::string> planned(const std::string& job) {
  const auto loaded =
      load_workflow("w.yml", "on: push\njobs:\n  build:\n    runs-on: x\n    steps: [{run: a}]\n" + job);
  EXPECT_TRUE(loaded.workflow.has_value()) << job;
  if (!loaded.workflow) return {};
  Contexts contexts;
  contexts.set("github", expression::from_json({{"list", {"p", "q"}}, {"none", base::Json::array()}}));
  contexts.set("inputs", expression::from_json(base::Json::object()));
  contexts.set("vars", expression::from_json({{"matrix", R"({"a":[1,2],"include":[{"a":3}]})"}}));
  const auto plan = make_plan(*loaded.workflow, contexts, std::nullopt);
  if (!plan) return {plan.error().message};
  std::vector<std::string> names;
  for (const auto& leg : plan->groups.at(0).legs) names.push_back(leg.name);
  return names;
}

TEST(MatrixNames, AreTheJobsWithTheValuesOrWhatItsExpressionSays) {
  EXPECT_THAT(planned("    strategy: {matrix: {a: [1, 2], include: [{a: 1, x: secret}]}}\n"),
              ElementsAre("build (1)", "build (2)"));
  EXPECT_THAT(planned("    name: Compile\n    strategy: {matrix: {a: [1]}}\n"), ElementsAre("Compile (1)"));
  EXPECT_THAT(
      planned(
          "    name: On ${{ matrix.a }} of ${{ strategy.job-total }}\n    strategy: {matrix: {a: [1]}}\n"),
      ElementsAre("On 1 of 1"));
}

TEST(MatrixNames, AreKeysOfTheirOwnAlsoWhenTheyAreCut) {
  const std::string id(90, 'i');
  const std::string value(20, 'v');
  const auto leg_of = [&](const std::string& last) {
    const auto loaded =
        load_workflow("w.yml", "on: push\njobs:\n  " + id + last +
                                   ":\n    runs-on: x\n    steps: [{run: a}]\n    strategy: {matrix: {a: [" +
                                   value + "]}}\n");
    EXPECT_TRUE(loaded.workflow.has_value());
    const auto legs = expand_job(*loaded.workflow, loaded.workflow->jobs.at(0), Contexts());
    EXPECT_TRUE(legs.ok());
    return std::pair(legs->at(0).key, legs->at(0).name);
  };
  const auto one = leg_of("aaaaaaa1");
  const auto other = leg_of("aaaaaaa2");
  EXPECT_EQ(one.second, other.second) << "what is shown is cut";
  EXPECT_NE(one.first, other.first);
}

TEST(Matrix, MayComeFromExpressions) {
  EXPECT_THAT(planned("    strategy: {matrix: '${{ fromJSON(vars.matrix) }}'}\n"),
              ElementsAre("build (1)", "build (2)", "build (3)"));
  EXPECT_THAT(planned("    strategy: {matrix: {a: '${{ github.list }}'}}\n"),
              ElementsAre("build (p)", "build (q)"));
  EXPECT_THAT(planned("    strategy: {matrix: {a: '${{ github.none }}'}}\n"),
              ElementsAre("Matrix vector 'a' does not contain any values"));
}

TEST(Matrix, OfWhichNothingIsLeftRunsTheJobOnceWithoutIt) {
  EXPECT_THAT(
      planned("    strategy: {matrix: {a: ['${{ github.none[0] }}', 1], exclude: [{a: ''}, {a: 1}]}}\n"),
      ElementsAre("build"));
}

}  // namespace
}  // namespace workflow
