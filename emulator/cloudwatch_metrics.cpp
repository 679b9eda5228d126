// CloudWatch's operations on metrics.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "emulator/api_failure.h"
#include "emulator/cloudwatch_service.h"

namespace emulator {

namespace {

constexpr std::size_t kMostData = 1000;  // of one PutMetricData
constexpr std::size_t kMostValuesOfADatum = 150;
constexpr std::size_t kMostQueries = 500;
constexpr std::size_t kMostPoints = 1440;  // of GetMetricStatistics
constexpr std::size_t kMostMetricsOfAPage = 500;
constexpr double kOldest = 14 * 86'400.0;
constexpr double kNewest = 2 * 3600.0;
constexpr double kLatestTime = 4e9;  // seconds; in 2096

ApiFailure invalid_value(std::string message) {
  return failure("InvalidParameterValueException", std::move(message));
}

std::variant<std::map<std::string, std::string>, ApiFailure> dimensions_in(const base::Json& input) {
  std::map<std::string, std::string> dimensions;
  const auto& list = base::json_member(input, "Dimensions");
  if (list.size() > 30)
    return invalid_value("The collection Dimensions must not have a size greater than 30.");
  for (const auto& dimension : list) {
    const auto name = base::json_string(dimension, "Name");
    if (name.empty()) return invalid_value("Dimensions: each needs a Name");
    dimensions[name] = base::json_string(dimension, "Value");
  }
  return dimensions;
}

std::variant<MetricBucket, ApiFailure> bucket_of(const base::Json& datum) {
  MetricBucket bucket;
  const auto& values = base::json_member(datum, "Values");
  const auto& counts = base::json_member(datum, "Counts");
  const auto& set = base::json_member(datum, "StatisticValues");
  if (values.is_array()) {
    if (values.size() > kMostValuesOfADatum || (counts.is_array() && counts.size() != values.size()))
      return invalid_value("Values and Counts: expected as many of the one as of the other, at most 150");
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double times = counts.is_array() && counts[i].is_number() ? counts[i].get<double>() : 1;
      if (!values[i].is_number() || !(times > 0)) return invalid_value("Counts: expected numbers above 0");
      bucket.add(values[i].get<double>(), times);
    }
    return bucket;
  }
  if (set.is_object()) {
    bucket = {base::json_number(set, "SampleCount"),
              base::json_number(set, "Sum"),
              base::json_number(set, "Minimum"),
              base::json_number(set, "Maximum"),
              {}};
    if (!(bucket.count > 0) || bucket.least > bucket.most)
      return invalid_value("StatisticValues: expected a SampleCount above 0 and Minimum up to Maximum");
    return bucket;
  }
  if (!base::json_member(datum, "Value").is_number())
    return failure("MissingRequiredParameterException",
                   "At least one of the parameters must be specified: Value, Values, StatisticValues");
  bucket.add(base::json_number(datum, "Value"), 1);
  return bucket;
}

ApiResult put_metric_data(const CloudWatchSurroundings& all, const ApiCall& call) {
  struct Datum {
    MetricKey key;
    double time = 0;
    MetricBucket bucket;
    std::string unit;
  };
  const auto space = base::json_string(call.input, "Namespace");
  const auto& data = base::json_member(call.input, "MetricData");
  const double now = base::to_epoch_seconds(all.clock.now());
  if (space.empty() || space.size() > 255 || space.starts_with("AWS/"))
    return invalid_value("Namespace: expected 1 to 255 characters that do not start with AWS/");
  if (data.size() > kMostData)
    return invalid_value(fmt::format("MetricData: expected at most {} entries", kMostData));
  std::vector<Datum> read;
  for (const auto& entry : data) {
    Datum datum{{space, base::json_string(entry, "MetricName"), {}},
                base::json_number(entry, "Timestamp", now),
                {},
                base::json_string(entry, "Unit", "None")};
    if (datum.key.name.empty() || datum.key.name.size() > 255)
      return failure("MissingRequiredParameterException", "MetricName: expected 1 to 255 characters");
    if (!is_metric_unit(datum.unit))
      return invalid_value(fmt::format("Unit: '{}' is no unit of CloudWatch", datum.unit));
    if (datum.time < now - kOldest || datum.time > now + kNewest)
      return invalid_value("Timestamp: expected no more than two weeks ago and two hours ahead");
    auto dimensions = dimensions_in(entry);
    if (auto* refused = std::get_if<ApiFailure>(&dimensions)) return *refused;
    datum.key.dimensions = std::get<0>(std::move(dimensions));
    auto bucket = bucket_of(entry);
    if (auto* refused = std::get_if<ApiFailure>(&bucket)) return *refused;
    datum.bucket = std::get<0>(std::move(bucket));
    read.push_back(std::move(datum));
  }
  for (const auto& datum : read) all.metrics.put(datum.key, datum.time, datum.bucket, datum.unit);
  return base::Json::object();
}

struct Span {
  double start = 0;
  double end = 0;
  double period = 60;
};

std::variant<Span, ApiFailure> span_of(const base::Json& input, double period) {
  const Span span{base::json_number(input, "StartTime", -1), base::json_number(input, "EndTime", -1), period};
  if (span.start < 0 || span.end > kLatestTime || span.start >= span.end)
    return failure("ValidationError", "The parameter StartTime must be less than the parameter EndTime.");
  if (!(period >= 1 && period <= 86'400 * 365) || (period > 30 && std::fmod(period, 60) != 0))
    return failure("ValidationError", "Period: expected 1, 5, 10, 30 or a multiple of 60");
  return span;
}

base::Json datapoint_of(const MetricPoint& point, const std::vector<std::string>& statistics,
                        const std::string& unit) {
  base::Json datapoint = {{"Timestamp", point.start}, {"Unit", unit.empty() ? "None" : unit}};
  for (const auto& statistic : statistics) {
    const auto value = statistic_of(point.bucket, statistic);
    if (!value) continue;
    if (statistic[0] == 'p') {
      datapoint["ExtendedStatistics"][statistic] = *value;
    } else {
      datapoint[statistic] = *value;
    }
  }
  return datapoint;
}

ApiResult get_metric_statistics(const CloudWatchSurroundings& all, const ApiCall& call) {
  std::vector<std::string> statistics;
  for (const char* member : {"Statistics", "ExtendedStatistics"}) {
    for (const auto& name : base::json_member(call.input, member)) {
      if (!name.is_string() || !is_statistic(name.get<std::string>()))
        return invalid_value(fmt::format("{}: '{}' is no statistic here", member, base::to_text(name)));
      statistics.push_back(name.get<std::string>());
    }
  }
  if (statistics.empty())
    return failure("MissingRequiredParameterException",
                   "At least one of the parameters must be specified: Statistics, ExtendedStatistics");
  auto span = span_of(call.input, base::json_number(call.input, "Period", 0));
  if (auto* refused = std::get_if<ApiFailure>(&span)) return *refused;
  auto dimensions = dimensions_in(call.input);
  if (auto* refused = std::get_if<ApiFailure>(&dimensions)) return *refused;
  const MetricKey key{base::json_string(call.input, "Namespace"), base::json_string(call.input, "MetricName"),
                      std::get<0>(std::move(dimensions))};
  const auto& [start, end, period] = std::get<Span>(span);
  if ((end - start) / period > static_cast<double>(kMostPoints))
    return failure("InvalidParameterCombinationException",
                   fmt::format("You have requested more than the limit of {} datapoints.", kMostPoints));
  base::Json points = base::Json::array();
  for (const auto& point : all.metrics.points(key, start, end, period))
    points.push_back(datapoint_of(point, statistics, all.metrics.unit_of(key)));
  return base::Json{{"Label", key.name}, {"Datapoints", std::move(points)}};
}

std::variant<base::Json, ApiFailure> query_result(const CloudWatchSurroundings& all, const base::Json& query,
                                                  const ApiCall& call) {
  const auto id = base::json_string(query, "Id");
  const auto& stat = base::json_member(query, "MetricStat");
  if (!stat.is_object())
    return failure("ValidationError",
                   fmt::format("MetricDataQueries {}: metric math is not emulated; use a MetricStat", id));
  const auto statistic = base::json_string(stat, "Stat");
  if (!is_statistic(statistic))
    return failure("ValidationError",
                   fmt::format("MetricDataQueries {}: '{}' is no statistic here", id, statistic));
  auto span = span_of(call.input, base::json_number(stat, "Period", 0));
  if (auto* refused = std::get_if<ApiFailure>(&span)) return *refused;
  const auto& metric = base::json_member(stat, "Metric");
  auto dimensions = dimensions_in(metric);
  if (auto* refused = std::get_if<ApiFailure>(&dimensions)) return *refused;
  const MetricKey key{base::json_string(metric, "Namespace"), base::json_string(metric, "MetricName"),
                      std::get<0>(std::move(dimensions))};
  const auto& [start, end, period] = std::get<Span>(span);
  auto points = all.metrics.points(key, start, end, period);
  if (base::json_string(call.input, "ScanBy", "TimestampDescending") == "TimestampDescending")
    std::reverse(points.begin(), points.end());
  base::Json times = base::Json::array();
  base::Json values = base::Json::array();
  for (const auto& point : points) {
    const auto value = statistic_of(point.bucket, statistic);
    if (!value) continue;
    times.push_back(point.start);
    values.push_back(*value);
  }
  return base::Json{{"Id", id},
                    {"Label", base::json_string(query, "Label", key.name)},
                    {"Timestamps", std::move(times)},
                    {"Values", std::move(values)},
                    {"StatusCode", "Complete"}};
}

ApiResult get_metric_data(const CloudWatchSurroundings& all, const ApiCall& call) {
  const auto& queries = base::json_member(call.input, "MetricDataQueries");
  if (!queries.is_array() || queries.empty() || queries.size() > kMostQueries)
    return failure("ValidationError", fmt::format("MetricDataQueries: expected 1 to {}", kMostQueries));
  base::Json results = base::Json::array();
  for (const auto& query : queries) {
    auto result = query_result(all, query, call);
    if (auto* refused = std::get_if<ApiFailure>(&result)) return *refused;
    if (base::json_bool(query, "ReturnData", true))
      results.push_back(std::get<base::Json>(std::move(result)));
  }
  return base::Json{{"MetricDataResults", std::move(results)}, {"Messages", base::Json::array()}};
}

bool has_dimensions(const MetricKey& key, const base::Json& filters) {
  for (const auto& filter : filters) {
    const auto found = key.dimensions.find(base::json_string(filter, "Name"));
    if (found == key.dimensions.end()) return false;
    if (const auto& value = base::json_member(filter, "Value"); value.is_string() && value != found->second)
      return false;
  }
  return true;
}

ApiResult list_metrics(const CloudWatchSurroundings& all, const ApiCall& call) {
  const auto space = base::json_string(call.input, "Namespace");
  const auto name = base::json_string(call.input, "MetricName");
  const auto& filters = base::json_member(call.input, "Dimensions");
  auto keys = all.metrics.keys();
  std::erase_if(keys, [&](const MetricKey& key) {
    return (!space.empty() && key.space != space) || (!name.empty() && key.name != name) ||
           !has_dimensions(key, filters);
  });
  const auto page = page_of(call.input, "MaxRecords", keys.size(), kMostMetricsOfAPage);
  base::Json metrics = base::Json::array();
  for (auto i = page.first; i < page.last; ++i) {
    base::Json dimensions = base::Json::array();
    for (const auto& [dimension, value] : keys[i].dimensions)
      dimensions.push_back({{"Name", dimension}, {"Value", value}});
    metrics.push_back(
        {{"Namespace", keys[i].space}, {"MetricName", keys[i].name}, {"Dimensions", std::move(dimensions)}});
  }
  base::Json answer = {{"Metrics", std::move(metrics)}};
  if (!page.next.empty()) answer["NextToken"] = page.next;
  return answer;
}

}  // namespace

bool is_metric_unit(const std::string& unit) {
  static constexpr std::array<std::string_view, 27> kUnits{"Seconds",
                                                           "Microseconds",
                                                           "Milliseconds",
                                                           "Bytes",
                                                           "Kilobytes",
                                                           "Megabytes",
                                                           "Gigabytes",
                                                           "Terabytes",
                                                           "Bits",
                                                           "Kilobits",
                                                           "Megabits",
                                                           "Gigabits",
                                                           "Terabits",
                                                           "Percent",
                                                           "Count",
                                                           "Bytes/Second",
                                                           "Kilobytes/Second",
                                                           "Megabytes/Second",
                                                           "Gigabytes/Second",
                                                           "Terabytes/Second",
                                                           "Bits/Second",
                                                           "Kilobits/Second",
                                                           "Megabits/Second",
                                                           "Gigabits/Second",
                                                           "Terabits/Second",
                                                           "Count/Second",
                                                           "None"};
  return std::find(kUnits.begin(), kUnits.end(), unit) != kUnits.end();
}

void add_metric_operations(ServiceTable& table, const CloudWatchSurroundings& all) {
  auto& operations = table.operations;
  operations["PutMetricData"] = [all](const ApiCall& call) { return put_metric_data(all, call); };
  operations["GetMetricData"] = [all](const ApiCall& call) { return get_metric_data(all, call); };
  operations["GetMetricStatistics"] = [all](const ApiCall& call) { return get_metric_statistics(all, call); };
  operations["ListMetrics"] = [all](const ApiCall& call) { return list_metrics(all, call); };
}

}  // namespace emulator
