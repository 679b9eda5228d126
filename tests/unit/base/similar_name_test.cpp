#include "base/similar_name.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace base {
namespace {

const std::vector<std::string> kNames{"branches", "branches-ignore", "tags", "paths", "types"};

TEST(SimilarName, IsTheNearestOne) {
  EXPECT_EQ(similar_name("brnaches", kNames), "branches");
  EXPECT_EQ(similar_name("branch", kNames), "branches");
  EXPECT_EQ(similar_name("branches_ignore", kNames), "branches-ignore");
  EXPECT_EQ(similar_name("path", kNames), "paths");
}

TEST(SimilarName, MayDifferInCaseAlone) {
  EXPECT_EQ(similar_name("Tags", kNames), "tags");
  EXPECT_EQ(similar_name("ID", std::vector<std::string_view>{"if", "id"}), "id");
}

TEST(SimilarName, IsNoneThatIsFarAway) {
  EXPECT_EQ(similar_name("schedule", kNames), std::nullopt);
  EXPECT_EQ(similar_name("", kNames), std::nullopt);
  EXPECT_EQ(similar_name("on", std::vector<std::string_view>{"if"}), std::nullopt);
  EXPECT_EQ(similar_name(std::string(100'000, 'a'), kNames), std::nullopt);
}

TEST(EditDistance, CountsSlips) {
  EXPECT_EQ(edit_distance("needs", "needs", 0), 0U);
  EXPECT_EQ(edit_distance("ndees", "needs", 3), 2U);
  EXPECT_EQ(edit_distance("steps", "setps", 3), 1U);
  EXPECT_EQ(edit_distance("abc", "", 3), 3U);
  EXPECT_EQ(edit_distance("abc", "", 2), std::nullopt);
}

}  // namespace
}  // namespace base
