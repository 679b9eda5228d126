#include "emulator/alarm_rules.h"

#include <gmock/gmock.h>

#include <map>

namespace emulator {
namespace {

// X breaches, 0 does not, - is missing: as the tables of the CloudWatch user guide write it.
std::vector<std::optional<double>> points(std::string_view row) {
  std::vector<std::optional<double>> points;
  for (const char c : row) points.push_back(c == '-' ? std::nullopt : std::optional(c == 'X' ? 2.0 : 0.0));
  return points;
}

std::string states(std::string_view row, int datapoints) {
  std::string told;
  for (const char* missing : {"missing", "ignore", "breaching", "notBreaching"}) {
    const AlarmThreshold threshold{"GreaterThanThreshold", 1, 3, datapoints, missing};
    // What "ignore" retains is told by two different states before.
    const auto after_ok = evaluate_alarm(threshold, points(row), AlarmState::ok);
    const auto after_alarm = evaluate_alarm(threshold, points(row), AlarmState::alarm);
    told += after_ok != after_alarm ? "retain " : std::string(name_of(after_ok)) + " ";
  }
  told.pop_back();
  return told;
}

TEST(AlarmRulesTest, FollowsTheTableForThreeOfThree) {
  EXPECT_EQ(states("0-X-X", 3), "OK OK OK OK");
  EXPECT_EQ(states("----0", 3), "OK OK OK OK");
  EXPECT_EQ(states("-----", 3), "INSUFFICIENT_DATA retain ALARM OK");
  EXPECT_EQ(states("0XX-X", 3), "ALARM ALARM ALARM ALARM");
  EXPECT_EQ(states("--X--", 3), "ALARM retain ALARM OK");
}

TEST(AlarmRulesTest, FollowsTheTableForTwoOfThree) {
  EXPECT_EQ(states("0-X-X", 2), "ALARM ALARM ALARM ALARM");
  EXPECT_EQ(states("00X0X", 2), "ALARM ALARM ALARM ALARM");
  EXPECT_EQ(states("0-X--", 2), "OK OK ALARM OK");
  EXPECT_EQ(states("----0", 2), "OK OK ALARM OK");
  EXPECT_EQ(states("----X", 2), "ALARM retain ALARM OK");
}

TEST(AlarmRulesTest, ComparesAsItsOperatorSays) {
  const auto breaches = [](const char* comparison, double value) {
    return is_breaching({comparison, 1, 1, 1, "missing"}, value);
  };
  EXPECT_FALSE(breaches("GreaterThanThreshold", 1));
  EXPECT_TRUE(breaches("GreaterThanOrEqualToThreshold", 1));
  EXPECT_FALSE(breaches("LessThanThreshold", 1));
  EXPECT_TRUE(breaches("LessThanOrEqualToThreshold", 1));
}

std::string rule(const std::string& text) {
  const std::map<std::string, AlarmState> alarms{
      {"a", AlarmState::alarm}, {"b", AlarmState::ok}, {"c d", AlarmState::insufficient}};
  const auto value = evaluate_rule(text, [&](const std::string& name) -> std::optional<AlarmState> {
    const auto found = alarms.find(name);
    return found == alarms.end() ? std::nullopt : std::optional(found->second);
  });
  return value ? (*value ? "true" : "false") : value.error().message;
}

TEST(AlarmRulesTest, EvaluatesCompositeRules) {
  EXPECT_EQ(rule("ALARM(a)"), "true");
  EXPECT_EQ(rule("ALARM(\"a\") AND NOT OK(b)"), "false");
  EXPECT_EQ(rule("ALARM(b) OR ALARM(b) OR (OK(b) AND INSUFFICIENT_DATA(\"c d\"))"), "true");
  EXPECT_EQ(rule("ALARM(arn:aws:cloudwatch:eu-central-1:123456789012:alarm:a)"), "true");
  EXPECT_EQ(rule("NOT TRUE OR FALSE"), "false");
}

TEST(AlarmRulesTest, SaysWhereARuleIsWrong) {
  EXPECT_EQ(rule("ALARM(x)"), "AlarmRule: there is no alarm 'x'");
  EXPECT_EQ(rule("ALARM(a) XOR OK(b)"), "AlarmRule, character 10: expected AND, OR or the end");
  EXPECT_EQ(rule("ALARM(\"a"), "AlarmRule, character 8: expected '\"'");
  EXPECT_EQ(rule(std::string(100, '(')), "AlarmRule, character 34: expected at most 32 levels");
}

}  // namespace
}  // namespace emulator
