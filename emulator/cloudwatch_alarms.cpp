// CloudWatch's operations on alarms.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "emulator/api_failure.h"
#include "emulator/cloudwatch_service.h"

namespace emulator {

namespace {

constexpr std::size_t kMostAlarmsOfAPage = 100;
constexpr std::size_t kMostNames = 100;
constexpr double kLargestWholeNumber = 1e9;

constexpr std::array kMetricMembers{"AlarmName",
                                    "AlarmDescription",
                                    "ActionsEnabled",
                                    "OKActions",
                                    "AlarmActions",
                                    "InsufficientDataActions",
                                    "MetricName",
                                    "Namespace",
                                    "Statistic",
                                    "ExtendedStatistic",
                                    "Dimensions",
                                    "Period",
                                    "Unit",
                                    "EvaluationPeriods",
                                    "DatapointsToAlarm",
                                    "Threshold",
                                    "ComparisonOperator",
                                    "TreatMissingData",
                                    "EvaluateLowSampleCountPercentile"};
constexpr std::array kCompositeMembers{"AlarmName", "AlarmDescription", "ActionsEnabled",
                                       "OKActions", "AlarmActions",     "InsufficientDataActions",
                                       "AlarmRule"};
constexpr std::array kWholeNumbers{"Period", "EvaluationPeriods", "DatapointsToAlarm"};

template <typename Members>
base::Json declaration_of(const base::Json& input, const Members& members) {
  base::Json declared = base::Json::object();
  for (const char* name : members) {
    const auto& member = base::json_member(input, name);
    if (!member.is_null()) declared[name] = member;
  }
  if (!declared.contains("ActionsEnabled")) declared["ActionsEnabled"] = true;
  return declared;
}

ApiResult alarm_answer(const base::Result<void>& done) {
  if (done) return base::Json::object();
  const auto& error = done.error();
  const int status = error.code.starts_with("ResourceNotFound") ? 404 : 400;
  return failure(error.code.empty() ? "ValidationError" : error.code, error.message, status);
}

base::Error refuse_alarm(std::string message) {
  auto error = base::invalid_input(std::move(message));
  error.code = "ValidationError";
  return error;
}

base::Result<base::Json> metric_declaration(const base::Json& input) {
  auto declared = declaration_of(input, kMetricMembers);
  if (!base::json_member(input, "Metrics").empty())
    return refuse_alarm("Metrics: metric math is not emulated; name one metric by Namespace and MetricName");
  for (const char* name : {"OKActions", "AlarmActions", "InsufficientDataActions", "Dimensions"})
    if (!declared.contains(name)) declared[name] = base::Json::array();
  for (const char* name : kWholeNumbers) {
    const auto& member = base::json_member(declared, name);
    if (!member.is_number()) continue;
    const double value = member.get<double>();
    if (!(value >= 0 && value <= kLargestWholeNumber))
      return refuse_alarm(fmt::format("{}: unexpected value {}", name, value));
    declared[name] = static_cast<std::int64_t>(value);
  }
  if (const auto unit = base::json_string(declared, "Unit"); !unit.empty() && !is_metric_unit(unit))
    return refuse_alarm(fmt::format("Unit: '{}' is no unit of CloudWatch", unit));
  return declared;
}

base::Json describe_alarm(const Alarm& alarm) {
  base::Json shown = alarm.declared;
  shown["AlarmArn"] = alarm.arn;
  shown["AlarmConfigurationUpdatedTimestamp"] = alarm.configured_at;
  shown["StateValue"] = name_of(alarm.state);
  shown["StateReason"] = alarm.reason;
  shown["StateUpdatedTimestamp"] = alarm.updated_at;
  shown["StateTransitionedTimestamp"] = alarm.updated_at;
  return shown;
}

std::vector<std::string> names_in(const base::Json& input, const char* member) {
  std::vector<std::string> names;
  const auto& list = base::json_member(input, member);
  if (!list.is_array()) return names;
  for (const auto& name : list) {
    if (name.is_string()) names.push_back(name.get<std::string>());
  }
  return names;
}

bool has_name(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

ApiResult describe_alarms(const CloudWatchSurroundings& all, const ApiCall& call) {
  const auto names = names_in(call.input, "AlarmNames");
  const auto types = names_in(call.input, "AlarmTypes");
  const auto prefix = base::json_string(call.input, "AlarmNamePrefix");
  const auto state = base::json_string(call.input, "StateValue");
  const auto action = base::json_string(call.input, "ActionPrefix");
  if (!names.empty() && !prefix.empty())
    return failure("ValidationError", "AlarmNames and AlarmNamePrefix exclude each other");
  if (names.size() > kMostNames)
    return failure("ValidationError", fmt::format("AlarmNames: expected at most {}", kMostNames));
  std::vector<Alarm> found;
  for (auto& alarm : all.alarms.list()) {
    // Without AlarmTypes only metric alarms are told of, also by name.
    const char* type = alarm.is_composite ? "CompositeAlarm" : "MetricAlarm";
    if (types.empty() ? alarm.is_composite : !has_name(types, type)) continue;
    if (!names.empty() && !has_name(names, alarm.name)) continue;
    if (!alarm.name.starts_with(prefix) || (!state.empty() && name_of(alarm.state) != state)) continue;
    const auto actions = names_in(alarm.declared, "AlarmActions");
    const bool acts = std::any_of(actions.begin(), actions.end(),
                                  [&](const std::string& arn) { return arn.starts_with(action); });
    if (action.empty() || acts) found.push_back(std::move(alarm));
  }
  const auto page = page_of(call.input, "MaxRecords", found.size(), kMostAlarmsOfAPage);
  base::Json answer = {{"MetricAlarms", base::Json::array()}, {"CompositeAlarms", base::Json::array()}};
  for (auto i = page.first; i < page.last; ++i)
    answer[found[i].is_composite ? "CompositeAlarms" : "MetricAlarms"].push_back(describe_alarm(found[i]));
  if (!page.next.empty()) answer["NextToken"] = page.next;
  return answer;
}

ApiResult describe_history(const CloudWatchSurroundings& all, const ApiCall& call) {
  const auto name = base::json_string(call.input, "AlarmName");
  const auto kind = base::json_string(call.input, "HistoryItemType");
  const auto types = names_in(call.input, "AlarmTypes");
  const double start = base::json_number(call.input, "StartDate", 0);
  const double end = base::json_number(call.input, "EndDate", 1e12);
  auto items = all.alarms.history();
  std::erase_if(items, [&](const AlarmHistoryItem& item) {
    const bool of_type =
        types.empty() ? item.type == "MetricAlarm" || !name.empty() : has_name(types, item.type);
    return !of_type || (!name.empty() && item.alarm != name) || (!kind.empty() && item.kind != kind) ||
           item.time < start || item.time > end;
  });
  if (base::json_string(call.input, "ScanBy") == "TimestampAscending")
    std::reverse(items.begin(), items.end());
  const auto page = page_of(call.input, "MaxRecords", items.size(), kMostAlarmsOfAPage);
  base::Json answer = {{"AlarmHistoryItems", base::Json::array()}};
  for (auto i = page.first; i < page.last; ++i) {
    answer["AlarmHistoryItems"].push_back({{"AlarmName", items[i].alarm},
                                           {"AlarmType", items[i].type},
                                           {"Timestamp", items[i].time},
                                           {"HistoryItemType", items[i].kind},
                                           {"HistorySummary", items[i].summary},
                                           {"HistoryData", items[i].detail}});
  }
  if (!page.next.empty()) answer["NextToken"] = page.next;
  return answer;
}

ApiResult set_alarm_state(const CloudWatchSurroundings& all, const ApiCall& call) {
  const auto value = base::json_string(call.input, "StateValue");
  const auto state = alarm_state_named(value);
  if (!state)
    return failure("ValidationError",
                   fmt::format("StateValue: expected OK, ALARM or INSUFFICIENT_DATA, found '{}'", value));
  return alarm_answer(all.alarms.set_state(base::json_string(call.input, "AlarmName"), *state,
                                           base::json_string(call.input, "StateReason")));
}

}  // namespace

base::Result<void> put_alarm(const CloudWatchSurroundings& all, base::Json input) {
  TRY(read_scalars(input));
  if (input.contains("AlarmRule"))
    return all.alarms.put_composite_alarm(declaration_of(input, kCompositeMembers));
  TRY(const auto declared, metric_declaration(input));
  return all.alarms.put_metric_alarm(declared);
}

void add_alarm_operations(ServiceTable& table, const CloudWatchSurroundings& all) {
  auto& operations = table.operations;
  operations["PutMetricAlarm"] = [all](const ApiCall& call) {
    auto declared = metric_declaration(call.input);
    return alarm_answer(declared ? all.alarms.put_metric_alarm(*declared) : declared.error());
  };
  operations["PutCompositeAlarm"] = [all](const ApiCall& call) {
    return alarm_answer(all.alarms.put_composite_alarm(declaration_of(call.input, kCompositeMembers)));
  };
  operations["DescribeAlarms"] = [all](const ApiCall& call) { return describe_alarms(all, call); };
  operations["DescribeAlarmHistory"] = [all](const ApiCall& call) { return describe_history(all, call); };
  operations["SetAlarmState"] = [all](const ApiCall& call) { return set_alarm_state(all, call); };
  operations["DeleteAlarms"] = [all](const ApiCall& call) {
    return alarm_answer(all.alarms.remove(names_in(call.input, "AlarmNames")));
  };
}

}  // namespace emulator
