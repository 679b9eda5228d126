#include "workflow/dispatch_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "workflow/load_workflow.h"

namespace workflow {
namespace {

using ::testing::HasSubstr;

constexpr const char* kInputs = R"(
on:
  workflow_dispatch:
    inputs:
      level: {type: choice, options: [low, high], default: high}
      dry-run: {type: boolean}
      count: {type: number, default: 1.50}
      target: {type: environment}
      note: {required: true}
jobs:
  a:
    runs-on: x
    steps: [{run: a}]
)";

using Given = std::map<std::string, std::string>;

Workflow workflow_with_inputs() {
  auto loaded = load_workflow("w.yml", kInputs);
  EXPECT_TRUE(loaded.workflow.has_value());
  return std::move(*loaded.workflow);
}
std::string inputs(const Given& given) {
  const auto value = dispatch_inputs(workflow_with_inputs(), given);
  return value ? base::to_text(expression::to_json(*value)) : value.error().message;
}

TEST(DispatchInputs, HaveTheirTypesAndDefaults) {
  EXPECT_EQ(inputs({{"note", "x"}}),
            R"({"level":"high","dry-run":false,"count":1.5,"target":"","note":"x"})");
  EXPECT_EQ(
      inputs({{"NOTE", "5"}, {"dry-run", "true"}, {"count", "0x10"}, {"target", "prod"}, {"level", "low"}}),
      R"({"level":"low","dry-run":true,"count":16,"target":"prod","note":"5"})");
}

TEST(DispatchInputs, AreTextsInTheEvent) {
  const auto event = dispatch_event_inputs(workflow_with_inputs(), {{"note", "x"}, {"dry-run", "true"}});
  EXPECT_EQ(base::to_text(expression::to_json(event)),
            R"({"level":"high","dry-run":"true","count":"1.50","target":"","note":"x"})");
}

TEST(DispatchInputs, ComeFromPayloadsOfAnyKind) {
  const auto given =
      given_inputs(expression::from_json({{"inputs", {{"a", true}, {"b", 2}, {"c", nullptr}, {"d", "x"}}}}));
  EXPECT_EQ(given, (Given{{"a", "true"}, {"b", "2"}, {"d", "x"}}));
  EXPECT_TRUE(given_inputs(expression::from_json({{"inputs", nullptr}})).empty());
}

TEST(DispatchInputs, AreRefusedWithWhatWasExpected) {
  EXPECT_EQ(inputs({}), "the input 'note' is required: give it with --input note=…");
  EXPECT_EQ(inputs({{"note", ""}}), "the input 'note' is required: give it with --input note=…");
  EXPECT_EQ(inputs({{"note", "x"}, {"levl", "low"}}), "w.yml has no input 'levl'; did you mean 'level'?");
  EXPECT_THAT(inputs({{"note", "x"}, {"zzzzzz", "1"}}),
              HasSubstr("its inputs are: level, dry-run, count, target, note"));
  EXPECT_THAT(inputs({{"note", "x"}, {"level", "middle"}}),
              HasSubstr("is a choice of: low, high; found 'middle'"));
  EXPECT_THAT(inputs({{"note", "x"}, {"dry-run", "yes"}}), HasSubstr("expected true or false, found 'yes'"));
  EXPECT_THAT(inputs({{"note", "x"}, {"count", "many"}}), HasSubstr("is a number, found 'many'"));
}

}  // namespace
}  // namespace workflow
