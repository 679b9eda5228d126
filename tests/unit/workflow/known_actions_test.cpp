#include "workflow/lint/known_actions.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace workflow::lint {
namespace {

const KnownInput* input_of(const KnownAction& action, std::string_view name) {
  const auto found = std::find_if(action.inputs.begin(), action.inputs.end(),
                                  [&](const KnownInput& input) { return input.name == name; });
  return found == action.inputs.end() ? nullptr : &*found;
}

TEST(KnownActions, DifferByMajorVersion) {
  const auto old = find_known_action("actions/checkout@v2");
  const auto recent = find_known_action("Actions/Checkout@v6.0.1");
  ASSERT_TRUE(old && recent);
  EXPECT_EQ(old->runtime, "node12");
  EXPECT_EQ(recent->runtime, "node24");
  EXPECT_EQ(input_of(*old, "sparse-checkout"), nullptr);
  EXPECT_NE(input_of(*recent, "sparse-checkout"), nullptr);
}

TEST(KnownActions, TellRequiredAndDeprecatedInputs) {
  const auto cache = find_known_action("actions/cache/restore@v4");
  ASSERT_TRUE(cache);
  EXPECT_TRUE(input_of(*cache, "key")->required);
  EXPECT_FALSE(input_of(*cache, "restore-keys")->required);
  const auto save = find_known_action("actions/cache@v4");
  EXPECT_TRUE(input_of(*save, "save-always")->deprecated);
}

TEST(KnownActions, OfACommitAreAllVersionsAtOnce) {
  const auto any = find_known_action("actions/setup-java@8df1039502a15bceb9433410b1a100fbe190c53b");
  ASSERT_TRUE(any);
  EXPECT_FALSE(any->major);
  EXPECT_EQ(any->runtime, "");
  ASSERT_NE(input_of(*any, "java-version"), nullptr);
  EXPECT_FALSE(input_of(*any, "java-version")->required) << "only the first two versions ask for it";
}

TEST(KnownActions, ThatAreNewerThanTheTableMayHaveMore) {
  const auto newer = find_known_action("actions/checkout@v99");
  ASSERT_TRUE(newer);
  EXPECT_FALSE(newer->all_inputs_known);
  EXPECT_FALSE(known_action_outputs("actions/checkout@v99"));
  EXPECT_FALSE(find_known_action("aquasecurity/trivy-action@0.28.0")->all_inputs_known);
}

TEST(KnownActions, GiveTheirOutputsForTypeChecks) {
  const auto outputs = known_action_outputs("actions/cache@v4");
  ASSERT_TRUE(outputs);
  EXPECT_EQ(*outputs, (std::vector<std::string_view>{"cache-hit"}));
  EXPECT_FALSE(known_action_outputs("dorny/paths-filter@v3")) << "named by its filters";
  EXPECT_FALSE(known_action_outputs("aws-actions/amazon-ecr-login@v2")) << "one for each registry";
  EXPECT_FALSE(known_action_outputs("actions/github-script@v8")) << "its script makes them";
  EXPECT_FALSE(known_action_outputs("nobody/knows-this@v1"));
}

TEST(KnownActions, LeaveTheRuntimeOfAVariantOpen) {
  const auto variant = find_known_action("actions/download-artifact@v3-node20");
  ASSERT_TRUE(variant);
  EXPECT_EQ(variant->major, 3);
  EXPECT_EQ(variant->runtime, "");
  EXPECT_FALSE(variant->all_outputs_known);
}

TEST(KnownActions, ReadVersionsOutOfRefs) {
  EXPECT_EQ(major_version_of("v4"), 4);
  EXPECT_EQ(major_version_of("v4.1.2"), 4);
  EXPECT_EQ(major_version_of("0.28.0"), 0);
  EXPECT_EQ(major_version_of("release/v1"), 1);
  EXPECT_FALSE(major_version_of("main"));
  EXPECT_FALSE(major_version_of("8df1039502a15bceb9433410b1a100fbe190c53b"));
  EXPECT_FALSE(major_version_of("20240101"));
  EXPECT_FALSE(major_version_of(""));
}

TEST(KnownActions, AreNamedByOwnerRepositoryAndRef) {
  EXPECT_EQ(split_action_reference("a/b/c@v1")->name, "a/b/c");
  for (const auto* wrong : {"a/b", "a@v1", "a/b@", "./a@v1", "/a@v1", "docker://a/b@v1", "a//b@v1", ""})
    EXPECT_FALSE(split_action_reference(wrong)) << wrong;
}

}  // namespace
}  // namespace workflow::lint
