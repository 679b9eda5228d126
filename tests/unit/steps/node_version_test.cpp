#include "steps/node_version.h"

#include <gmock/gmock.h>

namespace steps {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kAllow = "ACTIONS_ALLOW_USE_UNSECURE_NODE_VERSION";
constexpr const char* kForce = "FORCE_JAVASCRIPT_ACTIONS_TO_NODE24";

TEST(NodeVersion, TakesOldOnesForTheNewest) {
  for (const char* old : {"node12", "node16", "node20", "Node20"})
    EXPECT_EQ(choose_node(old, {}).version, "node24");
  EXPECT_EQ(choose_node("node24", {}).version, "node24");
}

TEST(NodeVersion, KeepsAnOldOneOnRequest) {
  EXPECT_EQ(choose_node("node16", {{kAllow, "true"}}).version, "node20");
  EXPECT_EQ(choose_node("node20", {{kAllow, "false"}}).version, "node24");
  EXPECT_EQ(choose_node("node24", {{kAllow, "true"}}).version, "node24");
}

TEST(NodeVersion, TellsWhichActionsANewerOneRuns) {
  EXPECT_TRUE(choose_node("node16", {}).is_newer);
  EXPECT_FALSE(choose_node("node24", {}).is_newer);
  EXPECT_FALSE(choose_node("node20", {{kAllow, "true"}}).is_newer);
}

TEST(NodeVersion, WarnsOfContradictions) {
  const auto choice = choose_node("node20", {{kAllow, "1"}, {kForce, "TRUE"}});
  EXPECT_EQ(choice.version, "node24");
  EXPECT_THAT(choice.warning, HasSubstr("in the workflow environment"));
  EXPECT_THAT(choose_node("node20", {{kForce, "true"}}).warning, IsEmpty());
}

}  // namespace
}  // namespace steps
