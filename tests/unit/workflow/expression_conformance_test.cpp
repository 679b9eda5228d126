#include <fmt/format.h>
#include <gtest/gtest.h>

#include <iostream>

#include "base/json.h"
#include "conformance_data.h"
#include "workflow/expression/evaluator.h"

namespace workflow {
namespace {

using expression::Value;

// Only the pure functions are known to these cases, and the contexts that they bring.
std::string outcome_of(const base::Json& test) {
  const Value contexts = expression::from_json(base::json_member(test, "contexts"));
  const expression::Surroundings surroundings{.named_value = [&](std::string_view name) {
    return contexts.is_object() ? contexts.object().find(name) : nullptr;
  }};
  const auto value = expression::evaluate_expression(base::json_string(test, "expr"), surroundings);
  if (test.contains("err")) {
    if (value) return "no error, but the value " + expression::to_json_text(*value);
    const auto expected = base::json_string(test["err"], "value");
    return value.error().message.find(expected) != std::string::npos ? "" : value.error().to_string();
  }
  if (!value) return value.error().to_string();
  const auto& expected = test["result"];
  if (expression::name_of(value->kind()) != base::json_string(expected, "kind"))
    return "the kind " + std::string(expression::name_of(value->kind()));
  return expression::to_json(*value) == expected["value"] ? "" : expression::to_json_text(*value);
}

TEST(ExpressionConformance, EvaluatesEveryPublicCaseAsGitHubDoes) {
  SKIP_WITHOUT_CONFORMANCE_DATA("github-expressions");
  int cases = 0;
  int failed = 0;
  for (const auto& file : files_below(conformance_folder("github-expressions"), {".json"})) {
    const auto groups = base::parse_json(content_of(file));
    ASSERT_TRUE(groups.ok()) << file << ": " << groups.error().to_string();
    for (const auto& [group, tests] : groups->items()) {
      for (const auto& test : tests) {
        ++cases;
        const auto difference = outcome_of(test);
        failed += difference.empty() ? 0 : 1;
        EXPECT_EQ(difference, "") << file.filename() << ", " << group << ": " << test["expr"] << "\nexpected "
                                  << (test.contains("err") ? test["err"] : test["result"]);
      }
    }
  }
  std::cout << fmt::format("github-expressions: {} passed, {} failed, 0 listed differences\n", cases - failed,
                           failed);
  EXPECT_GE(cases, 800) << "the data is there, but most of it was not found";
}

}  // namespace
}  // namespace workflow
