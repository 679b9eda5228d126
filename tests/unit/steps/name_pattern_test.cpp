#include "steps/name_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace steps {
namespace {

TEST(NamePattern, TakesWhatMinimatchTakes) {
  const struct {
    const char* pattern;
    const char* name;
    bool taken;
  } cases[] = {
      {"*", "result", true},          {"*", ".hidden", false},          {".*", ".hidden", true},
      {"part-*", "part-1", true},     {"part-*", "other", false},       {"part-?", "part-12", false},
      {"part-[12]", "part-2", true},  {"{a,b}-x", "b-x", true},         {"{a,b}-x", "c-x", false},
      {"n{1..3}", "n2", true},        {"n{1..3}", "n4", false},         {"!part-*", "part-1", false},
      {"!part-*", "other", true},     {"!!part-*", "part-1", true},     {"#x", "#x", false},
      {"a{b,{c,d}e}f", "adef", true}, {"lit{eral}", "lit{eral}", true},
  };
  for (const auto& one : cases)
    EXPECT_EQ(NamePattern(one.pattern).matches(one.name), one.taken) << one.pattern << " " << one.name;
}

TEST(ExpandBraces, MakesNoMoreThanAThousand) {
  EXPECT_LE(expand_braces("{1..50}{1..50}{1..50}").size(), 1000U);
  EXPECT_LE(expand_braces("{1..999999999}").size(), 1000U);
  EXPECT_THAT(expand_braces("a{b,c}d"), ::testing::ElementsAre("abd", "acd"));
}

}  // namespace
}  // namespace steps
