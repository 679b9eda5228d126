#include "emulator/alarm_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace emulator {

namespace {

constexpr std::size_t kLongestRule = 10'240;
constexpr int kDeepestRule = 32;

class RuleReader {
 public:
  RuleReader(const std::string& rule, const FindAlarmState& find) : rule_(rule), find_(find) {}

  base::Result<bool> whole() {
    if (rule_.empty() || rule_.size() > kLongestRule)
      return fault(fmt::format("a rule of 1 to {} characters", kLongestRule));
    TRY(const bool value, either(0));
    skip_blanks();
    if (at_ != rule_.size()) return fault("AND, OR or the end");
    return value;
  }

 private:
  [[nodiscard]] base::Error fault(const std::string& expected) const {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("AlarmRule, character {}: expected {}", at_ + 1, expected));
  }
  void skip_blanks() {
    while (at_ < rule_.size() && std::isspace(static_cast<unsigned char>(rule_[at_])) != 0) ++at_;
  }
  bool take(char c) {
    skip_blanks();
    if (at_ >= rule_.size() || rule_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string word() {
    skip_blanks();
    std::string text;
    while (at_ < rule_.size() &&
           (std::isalpha(static_cast<unsigned char>(rule_[at_])) != 0 || rule_[at_] == '_'))
      text += rule_[at_++];
    return text;
  }
  bool take_word(const std::string& wanted) {
    const auto start = at_;
    if (word() == wanted) return true;
    at_ = start;
    return false;
  }

  base::Result<bool> either(int depth) {
    TRY(bool value, all(depth));
    while (take_word("OR")) {
      TRY(const bool next, all(depth));
      value = value || next;
    }
    return value;
  }
  base::Result<bool> all(int depth) {
    TRY(bool value, one(depth));
    while (take_word("AND")) {
      TRY(const bool next, one(depth));
      value = value && next;
    }
    return value;
  }
  base::Result<bool> one(int depth) {
    if (depth > kDeepestRule) return fault(fmt::format("at most {} levels", kDeepestRule));
    if (take_word("NOT")) {
      TRY(const bool value, one(depth + 1));
      return !value;
    }
    if (take('(')) {
      TRY(const bool value, either(depth + 1));
      if (!take(')')) return fault("')'");
      return value;
    }
    const auto name = word();
    if (name == "TRUE") return true;
    if (name == "FALSE") return false;
    const auto wanted = alarm_state_named(name);
    if (!wanted) return fault("ALARM, OK, INSUFFICIENT_DATA, TRUE, FALSE, NOT or '('");
    return has_state(*wanted);
  }
  base::Result<bool> has_state(AlarmState wanted) {
    if (!take('(')) return fault("'('");
    skip_blanks();
    const bool quoted = take('"');
    const auto end = rule_.find(quoted ? '"' : ')', at_);
    if (end == std::string::npos) return fault(quoted ? "'\"'" : "')'");
    auto name = rule_.substr(at_, end - at_);
    at_ = end + (quoted ? 1 : 0);
    if (!take(')')) return fault("')'");
    if (const auto arn = name.find(":alarm:"); arn != std::string::npos) name = name.substr(arn + 7);
    const auto state = find_(name);
    if (!state)
      return base::make_error(base::ErrorKind::not_found,
                              fmt::format("AlarmRule: there is no alarm '{}'", name));
    return *state == wanted;
  }

  const std::string& rule_;
  const FindAlarmState& find_;
  std::size_t at_ = 0;
};

}  // namespace

const char* name_of(AlarmState state) {
  if (state == AlarmState::ok) return "OK";
  return state == AlarmState::alarm ? "ALARM" : "INSUFFICIENT_DATA";
}

std::optional<AlarmState> alarm_state_named(const std::string& name) {
  for (const auto state : {AlarmState::insufficient, AlarmState::ok, AlarmState::alarm}) {
    if (name == name_of(state)) return state;
  }
  return std::nullopt;
}

bool is_breaching(const AlarmThreshold& threshold, double value) {
  if (threshold.comparison == "GreaterThanThreshold") return value > threshold.threshold;
  if (threshold.comparison == "GreaterThanOrEqualToThreshold") return value >= threshold.threshold;
  if (threshold.comparison == "LessThanThreshold") return value < threshold.threshold;
  return value <= threshold.threshold;
}

AlarmState evaluate_alarm(const AlarmThreshold& threshold, const std::vector<std::optional<double>>& points,
                          AlarmState current) {
  std::vector<double> real;  // the newest ones, as many as the alarm has periods
  for (auto point = points.rbegin(); point != points.rend(); ++point) {
    if (point->has_value() && real.size() < static_cast<std::size_t>(threshold.evaluation_periods))
      real.push_back(**point);
  }
  const auto count = static_cast<int>(real.size());
  const auto breaching = static_cast<int>(
      std::count_if(real.begin(), real.end(), [&](double value) { return is_breaching(threshold, value); }));
  const int absent = threshold.evaluation_periods - count;
  const auto decide = [](bool fires) { return fires ? AlarmState::alarm : AlarmState::ok; };
  if (threshold.missing == "breaching") return decide(breaching + absent >= threshold.datapoints_to_alarm);
  if (threshold.missing == "notBreaching") return decide(breaching >= threshold.datapoints_to_alarm);
  if (threshold.missing == "ignore") {
    if (breaching >= threshold.datapoints_to_alarm) return AlarmState::alarm;
    return count > breaching ? AlarmState::ok : current;
  }
  if (count == 0) return AlarmState::insufficient;
  return decide(breaching >= std::min(threshold.datapoints_to_alarm, count));
}

base::Result<bool> evaluate_rule(const std::string& rule, const FindAlarmState& find) {
  return RuleReader(rule, find).whole();
}

}  // namespace emulator
