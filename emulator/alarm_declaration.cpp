// What PutMetricAlarm may say, and how it is read.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "emulator/alarms.h"

namespace emulator {

namespace {

constexpr double kLongestSpan = 604'800;  // seconds that an alarm may look back
constexpr std::size_t kMostDimensions = 30;

base::Error refuse_declaration(std::string message) {
  auto error = base::invalid_input(std::move(message));
  error.code = "ValidationError";
  return error;
}

base::Result<void> check_name(const std::string& name) {
  if (!name.empty() && name.size() <= 255) return {};
  return refuse_declaration("AlarmName: expected 1 to 255 characters");
}

base::Result<void> check_period(double period, int periods) {
  const bool short_one = period == 10 || period == 20 || period == 30;
  if (!short_one && (period < 60 || std::fmod(period, 60) != 0)) {
    return refuse_declaration(
        fmt::format("Period: expected 10, 20, 30 or a multiple of 60, found {}", period));
  }
  if (period * periods <= kLongestSpan) return {};
  return refuse_declaration(
      "Metrics cannot be checked across more than seven days: Period times "
      "EvaluationPeriods is too much");
}

base::Result<MetricKey> read_metric(const base::Json& declared) {
  MetricKey key{base::json_string(declared, "Namespace"), base::json_string(declared, "MetricName"), {}};
  if (key.space.empty() || key.name.empty())
    return refuse_declaration("Namespace and MetricName: both are needed for an alarm on a metric");
  for (const auto& dimension : base::json_member(declared, "Dimensions"))
    key.dimensions[base::json_string(dimension, "Name")] = base::json_string(dimension, "Value");
  if (key.dimensions.size() > kMostDimensions)
    return refuse_declaration(fmt::format("Dimensions: expected at most {}", kMostDimensions));
  return key;
}

base::Result<std::string> read_statistic(const base::Json& declared) {
  const auto plain = base::json_string(declared, "Statistic");
  const auto extended = base::json_string(declared, "ExtendedStatistic");
  if (plain.empty() == extended.empty())
    return refuse_declaration("Exactly one of Statistic and ExtendedStatistic is needed");
  const auto& chosen = plain.empty() ? extended : plain;
  const bool fits = is_statistic(chosen) && (chosen[0] == 'p') == plain.empty();
  if (fits) return chosen;
  return refuse_declaration(
      fmt::format("'{}' is no statistic here: Average, Sum, Minimum, Maximum and "
                  "SampleCount are, and percentiles such as p99",
                  chosen));
}

base::Result<AlarmThreshold> read_threshold(const base::Json& declared) {
  AlarmThreshold threshold;
  threshold.comparison = base::json_string(declared, "ComparisonOperator");
  constexpr std::array<std::string_view, 4> kKnown{"GreaterThanThreshold", "GreaterThanOrEqualToThreshold",
                                                   "LessThanThreshold", "LessThanOrEqualToThreshold"};
  if (std::find(kKnown.begin(), kKnown.end(), threshold.comparison) == kKnown.end())
    return refuse_declaration(
        fmt::format("ComparisonOperator: expected one of {}, found '{}': anomaly detection is not "
                    "emulated",
                    fmt::join(kKnown, ", "), threshold.comparison));
  const double periods = base::json_number(declared, "EvaluationPeriods", 0);
  const double datapoints = base::json_number(declared, "DatapointsToAlarm", periods);
  if (!(periods >= 1 && periods <= 100'000) || !(datapoints >= 1 && datapoints <= periods))
    return refuse_declaration("DatapointsToAlarm: expected 1 to EvaluationPeriods, and that at least 1");
  threshold.evaluation_periods = static_cast<int>(periods);
  threshold.datapoints_to_alarm = static_cast<int>(datapoints);
  if (!base::json_member(declared, "Threshold").is_number())
    return refuse_declaration("Threshold: a number is needed");
  threshold.threshold = base::json_number(declared, "Threshold");
  threshold.missing = base::json_string(declared, "TreatMissingData", "missing");
  constexpr std::array<std::string_view, 4> kMissing{"missing", "ignore", "breaching", "notBreaching"};
  if (std::find(kMissing.begin(), kMissing.end(), threshold.missing) != kMissing.end()) return threshold;
  return refuse_declaration(fmt::format("TreatMissingData: expected one of {}, found '{}'",
                                        fmt::join(kMissing, ", "), threshold.missing));
}

}  // namespace

base::Result<Alarm> read_metric_alarm(const base::Json& declared) {
  Alarm alarm;
  alarm.name = base::json_string(declared, "AlarmName");
  TRY(check_name(alarm.name));
  if (const auto& math = base::json_member(declared, "Metrics"); math.is_array() && !math.empty())
    return refuse_declaration(
        "Metrics: metric math is not emulated; name one metric by Namespace and MetricName");
  TRY(alarm.metric, read_metric(declared));
  TRY(alarm.statistic, read_statistic(declared));
  TRY(alarm.threshold, read_threshold(declared));
  alarm.period = base::json_number(declared, "Period", 0);
  TRY(check_period(alarm.period, alarm.threshold.evaluation_periods));
  alarm.declared = declared;
  return alarm;
}

base::Result<Alarm> read_composite_alarm(const base::Json& declared) {
  Alarm alarm;
  alarm.name = base::json_string(declared, "AlarmName");
  alarm.is_composite = true;
  alarm.declared = declared;
  TRY(check_name(alarm.name));
  return alarm;
}

}  // namespace emulator
