#include "steps/ordered_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace steps {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(OrderedTexts, KeepTheOrderInWhichTheyWereFirstSet) {
  Outputs outputs;
  outputs["b"] = "1";
  outputs["a"] = "2";
  outputs["b"] = "3";
  EXPECT_THAT(outputs, ElementsAre(Pair("b", "3"), Pair("a", "2")));
}

TEST(OrderedTexts, FindOutputsWithoutRegardToCaseAndVariablesWithIt) {
  Outputs outputs{{"Name", "1"}};
  outputs["NAME"] = "2";
  EXPECT_THAT(outputs, ElementsAre(Pair("Name", "2")));
  OrderedVariables variables{{"Name", "1"}};
  variables["NAME"] = "2";
  EXPECT_THAT(variables, ElementsAre(Pair("Name", "1"), Pair("NAME", "2")));
  EXPECT_FALSE(variables.contains("name"));
}

TEST(OrderedTexts, AreFoundAmongManyAsAmongFew) {
  Outputs outputs;
  constexpr int kMany = 100'000;  // in quadratic time nobody would wait for it
  for (int i = 0; i < kMany; ++i) outputs["Name" + std::to_string(i)] = std::to_string(i);
  outputs["nAME7"] = "seven";
  EXPECT_EQ(outputs.size(), static_cast<std::size_t>(kMany));
  EXPECT_EQ(outputs.at("name7"), "seven");
  EXPECT_EQ(outputs.at("NAME99999"), "99999");
  EXPECT_EQ(outputs.find("name"), outputs.end());
}

}  // namespace
}  // namespace steps
