#include "emulator/policy.h"

#include <gtest/gtest.h>

namespace emulator {
namespace {

constexpr const char* kProvider = "arn:aws:iam::123456789012:oidc-provider/issuer.example";

/// A statement that lets the provider in under this condition.
base::Json policy_with(const base::Json& condition, const char* effect = "Allow") {
  base::Json statement = {{"Effect", effect},
                          {"Principal", {{"Federated", kProvider}}},
                          {"Action", "sts:AssumeRoleWithWebIdentity"}};
  if (!condition.is_null()) statement["Condition"] = condition;
  return {{"Version", "2012-10-17"}, {"Statement", base::Json::array({statement})}};
}

TrustQuestion question(std::map<std::string, std::vector<std::string>> keys) {
  return {.action = "sts:AssumeRoleWithWebIdentity", .federated = kProvider, .keys = std::move(keys)};
}

struct ConditionCase {
  const char* name;
  const char* condition;
  std::map<std::string, std::vector<std::string>> keys;
  bool allowed;
};

void PrintTo(const ConditionCase& given, std::ostream* out) {
  *out << given.name;
}

class TrustConditionTest : public testing::TestWithParam<ConditionCase> {};

TEST_P(TrustConditionTest, DecidesAsIamDoes) {
  const auto& given = GetParam();
  const auto condition = base::parse_json(given.condition);
  ASSERT_TRUE(condition) << condition.error().to_string();
  EXPECT_EQ(evaluate_trust(policy_with(*condition), question(given.keys)).allowed, given.allowed);
}

INSTANTIATE_TEST_SUITE_P(
    Conditions, TrustConditionTest,
    testing::Values(
        ConditionCase{"equal",
                      R"({"StringEquals": {"i:sub": "repo:o/r:ref:refs/heads/main"}})",
                      {{"i:sub", {"repo:o/r:ref:refs/heads/main"}}},
                      true},
        ConditionCase{
            "other_case", R"({"StringEquals": {"i:sub": "repo:O/r"}})", {{"i:sub", {"repo:o/r"}}}, false},
        ConditionCase{"other_case_ignored",
                      R"({"StringEqualsIgnoreCase": {"i:sub": "repo:O/r"}})",
                      {{"i:sub", {"repo:o/r"}}},
                      true},
        ConditionCase{
            "one_of_a_list", R"({"StringEquals": {"i:sub": ["a", "b"]}})", {{"i:sub", {"b"}}}, true},
        ConditionCase{"wildcard",
                      R"({"StringLike": {"i:sub": "repo:o/*:ref:refs/heads/?ain"}})",
                      {{"i:sub", {"repo:o/r:ref:refs/heads/main"}}},
                      true},
        ConditionCase{"wildcards_are_text_for_equals",
                      R"({"StringEquals": {"i:sub": "repo:*"}})",
                      {{"i:sub", {"repo:o/r"}}},
                      false},
        ConditionCase{"all_operators_must_hold",
                      R"({"StringEquals": {"i:aud": "x"}, "StringLike": {"i:sub": "z*"}})",
                      {{"i:aud", {"x"}}, {"i:sub", {"a"}}},
                      false},
        ConditionCase{"an_absent_key_does_not_equal", R"({"StringEquals": {"i:sub": "a"}})", {}, false},
        ConditionCase{"if_exists", R"({"StringEqualsIfExists": {"i:sub": "a"}})", {}, true},
        ConditionCase{
            "the_known_hole_of_for_all_values", R"({"ForAllValues:StringLike": {"i:sub": "a*"}})", {}, true},
        ConditionCase{"for_any_value",
                      R"({"ForAnyValue:StringEquals": {"i:amr": ["b"]}})",
                      {{"i:amr", {"a", "b"}}},
                      true},
        ConditionCase{
            "for_any_value_of_none", R"({"ForAnyValue:StringEquals": {"i:amr": ["b"]}})", {}, false},
        ConditionCase{"not_like",
                      R"({"StringNotLike": {"i:sub": "*pull_request*"}})",
                      {{"i:sub", {"repo:pull_request"}}},
                      false},
        ConditionCase{"null_means_absent", R"({"Null": {"i:sub": "true"}})", {{"i:sub", {"a"}}}, false},
        ConditionCase{"an_unknown_operator_never_holds",
                      R"({"StringSomehow": {"i:sub": "a"}})",
                      {{"i:sub", {"a"}}},
                      false}),
    [](const testing::TestParamInfo<ConditionCase>& test) { return test.param.name; });

TEST(Trust, SaysWhichConditionFailedWithWhatWasExpectedAndFound) {
  const auto answer = evaluate_trust(policy_with({{"StringLike", {{"i:sub", "repo:o/r:*"}}}}),
                                     question({{"i:sub", {"repo:o/other:ref"}}}));
  EXPECT_FALSE(answer.allowed);
  EXPECT_NE(answer.reason.find("i:sub"), std::string::npos);
  EXPECT_NE(answer.reason.find("expected repo:o/r:*, found repo:o/other:ref"), std::string::npos)
      << answer.reason;
}

TEST(Trust, IsRefusedByADenyWhateverElseAllowsIt) {
  auto policy = policy_with(nullptr);
  policy["Statement"].push_back(policy_with(nullptr, "Deny")["Statement"][0]);
  EXPECT_FALSE(evaluate_trust(policy, question({})).allowed);
}

TEST(Trust, IsForThePrincipalAndTheActionThatTheStatementNames) {
  const auto policy = policy_with(nullptr);
  EXPECT_TRUE(evaluate_trust(policy, question({})).allowed);
  auto other = question({});
  other.federated = "arn:aws:iam::123456789012:oidc-provider/other.example";
  EXPECT_FALSE(evaluate_trust(policy, other).allowed);
  auto role = question({});
  role.action = "sts:AssumeRole";
  EXPECT_FALSE(evaluate_trust(policy, role).allowed);
}

constexpr const char* kRole = "arn:aws:iam::123456789012:role/puller";
constexpr const char* kPullersSession = "arn:aws:sts::123456789012:assumed-role/puller/walk";

Access of_resource(const base::Json& statements, const char* action,
                   const Asker& asker = {kPullersSession, kRole}) {
  return evaluate_resource_policy({{"Statement", statements}}, asker, {action, "arn:repository/app", {}});
}

TEST(ResourcePolicy, NamesPrincipalsByRoleSessionUserAndAccount) {
  const auto allow = [](base::Json principal) {
    return base::Json::array(
        {{{"Effect", "Allow"}, {"Principal", std::move(principal)}, {"Action", "ecr:Batch*"}}});
  };
  for (const char* name : {kRole, kPullersSession, "123456789012", "arn:aws:iam::123456789012:root", "*"})
    EXPECT_EQ(of_resource(allow({{"AWS", name}}), "ecr:BatchGetImage"), Access::allowed) << name;
  EXPECT_EQ(of_resource(allow("*"), "ecr:BatchGetImage"), Access::allowed);
  EXPECT_EQ(of_resource(allow("*"), "ecr:PutImage"), Access::implicitly_denied);
  for (const char* name : {"arn:aws:iam::123456789012:role/other", "210987654321"})
    EXPECT_EQ(of_resource(allow({{"AWS", name}}), "ecr:BatchGetImage"), Access::implicitly_denied) << name;
  const Asker user{"arn:aws:iam::123456789012:user/admin", ""};
  EXPECT_EQ(of_resource(allow({{"AWS", {kRole, user.arn}}}), "ecr:BatchGetImage", user), Access::allowed);
}

TEST(ResourcePolicy, DeniesWhateverElseAllows) {
  const base::Json statements = {
      {{"Effect", "Allow"}, {"Principal", "*"}, {"Action", "ecr:*"}},
      {{"Effect", "Deny"}, {"NotPrincipal", {{"AWS", kRole}}}, {"Action", "ecr:PutImage"}}};
  EXPECT_EQ(of_resource(statements, "ecr:PutImage"), Access::allowed) << "it is for all but the role";
  const Asker user{"arn:aws:iam::123456789012:user/admin", ""};
  EXPECT_EQ(of_resource(statements, "ecr:PutImage", user), Access::explicitly_denied);
  EXPECT_EQ(of_resource(statements, "ecr:BatchGetImage", user), Access::allowed);
}

TEST(ResourcePolicy, BearsWithAnyShape) {
  for (const char* text : {"null", "[]", "{}", R"({"Statement": 3})", R"({"Statement": [null, 1, "x", []]})",
                           R"({"Statement": {"Effect": "Allow", "Principal": 7, "Action": {}}})"}) {
    const auto policy = base::parse_json(text);
    ASSERT_TRUE(policy);
    EXPECT_EQ(evaluate_resource_policy(*policy, {kPullersSession, kRole}, {"ecr:PutImage", "*", {}}),
              Access::implicitly_denied)
        << text;
  }
}

TEST(Trust, BearsWithPoliciesOfAnyShape) {
  for (const char* text : {"null", "[]", "{}", R"({"Statement": 3})", R"({"Statement": [null, 1, "x", []]})",
                           R"({"Statement": {"Effect": "Allow", "Principal": 7, "Action": {}}})"}) {
    const auto policy = base::parse_json(text);
    ASSERT_TRUE(policy);
    EXPECT_FALSE(evaluate_trust(*policy, question({})).allowed) << text;
  }
}

}  // namespace
}  // namespace emulator
