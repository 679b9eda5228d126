#include "emulator/cloudwatch_service.h"

#include <fmt/format.h>

#include <cmath>

#include "base/strings.h"
#include "emulator/api_failure.h"

namespace emulator {

namespace {

enum class Scalar { number, boolean, time };

// The members of all operations here that are not texts: a name has one meaning in the whole of CloudWatch.
const std::map<std::string, Scalar, std::less<>>& scalar_members() {
  static const std::map<std::string, Scalar, std::less<>> kMembers{
      {"Period", Scalar::number},
      {"EvaluationPeriods", Scalar::number},
      {"DatapointsToAlarm", Scalar::number},
      {"Threshold", Scalar::number},
      {"MaxRecords", Scalar::number},
      {"MaxDatapoints", Scalar::number},
      {"Values", Scalar::number},
      {"Counts", Scalar::number},
      {"SampleCount", Scalar::number},
      {"Sum", Scalar::number},
      {"Minimum", Scalar::number},
      {"Maximum", Scalar::number},
      {"StorageResolution", Scalar::number},
      {"ActionsEnabled", Scalar::boolean},
      {"ReturnData", Scalar::boolean},
      {"Timestamp", Scalar::time},
      {"StartTime", Scalar::time},
      {"EndTime", Scalar::time},
      {"StartDate", Scalar::time},
      {"EndDate", Scalar::time},
      {"ActionsSuppressorWaitPeriod", Scalar::number},
      {"ActionsSuppressorExtensionPeriod", Scalar::number}};
  return kMembers;
}

/// 2026-11-22T05:34:50Z, also with a fraction and with +00:00, as SDKs write times.
std::optional<double> time_in(std::string_view text) {
  auto basic = base::replace_all(text.substr(0, text.find_first_of(".+Z")), "-", "");
  const auto time = base::parse_basic_iso8601(base::replace_all(basic, ":", "") + "Z");
  return time ? std::optional(base::to_epoch_seconds(*time)) : std::nullopt;
}

std::optional<double> number_in(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool read_scalar(base::Json& value, Scalar kind) {
  if (value.is_array()) {
    for (auto& item : value) {
      if (!read_scalar(item, kind)) return false;
    }
    return true;
  }
  if (kind == Scalar::boolean) {
    if (!value.is_string()) return value.is_boolean();
    const auto text = value.get<std::string>();
    value = text == "true";
    return text == "true" || text == "false";
  }
  if (value.is_number()) return std::isfinite(value.get<double>());
  if (!value.is_string()) return false;
  const auto text = value.get<std::string>();
  if (kind == Scalar::time) {
    const auto time = time_in(text);
    if (time) value = *time;
    return time.has_value();
  }
  const auto number = number_in(text);
  if (number) value = *number;
  return number.has_value();
}

}  // namespace

base::Result<void> read_scalars(base::Json& input) {
  if (input.is_array()) {
    for (auto& item : input) TRY(read_scalars(item));
  }
  if (!input.is_object()) return {};
  for (auto& [name, member] : input.items()) {
    const auto known = scalar_members().find(name);
    // "Value" of a datum is a number, that of a dimension a text: the neighbour tells.
    const bool is_datum = name == "Value" && input.contains("MetricName");
    if (known == scalar_members().end() && !is_datum) {
      TRY(read_scalars(member));
    } else if (!member.is_null() && !read_scalar(member, is_datum ? Scalar::number : known->second)) {
      return base::invalid_input(
          fmt::format("{}: unexpected value {}", name, base::clipped(base::to_text(member), 80)));
    }
  }
  return {};
}

CloudWatchPage page_of(const base::Json& input, const char* size_member, std::size_t count,
                       std::size_t usual) {
  const double asked = base::json_number(input, size_member, static_cast<double>(usual));
  const auto size =
      asked >= 1 && asked <= static_cast<double>(usual) ? static_cast<std::size_t>(asked) : usual;
  const auto token = base::parse_integer(base::json_string(input, "NextToken", "0")).value_or(0);
  CloudWatchPage page;
  page.first = std::min(count, token > 0 ? static_cast<std::size_t>(token) : 0);
  page.last = std::min(count, page.first + size);
  if (page.last < count) page.next = std::to_string(page.last);
  return page;
}

std::vector<ServiceTable> make_cloudwatch_services(const CloudWatchSurroundings& all) {
  ServiceTable table{.name = "monitoring",
                     .target_prefix = "GraniteServiceVersion20100801",
                     .version = "2010-08-01",
                     .xml_namespace = "http://monitoring.amazonaws.com/doc/2010-08-01/"};
  table.time_members = {"Timestamp", "Timestamps", "StateUpdatedTimestamp", "StateTransitionedTimestamp",
                        "AlarmConfigurationUpdatedTimestamp"};
  table.map_members = {"ExtendedStatistics"};
  table.query_codes = {{"InvalidParameterValueException", "InvalidParameterValue"},
                       {"InvalidParameterCombinationException", "InvalidParameterCombination"},
                       {"MissingRequiredParameterException", "MissingParameter"},
                       {"LimitExceededFault", "LimitExceeded"},
                       {"InvalidFormatFault", "InvalidFormat"}};
  add_alarm_operations(table, all);
  add_metric_operations(table, all);
  for (auto& [name, operation] : table.operations) {
    operation = [inner = operation](const ApiCall& call) -> ApiResult {
      ApiCall typed = call;
      if (auto read = read_scalars(typed.input); !read)
        return failure("ValidationError", read.error().message);
      return inner(typed);
    };
  }
  std::vector<ServiceTable> tables;
  for (const auto protocol : {Protocol::json, Protocol::query, Protocol::cbor}) {
    tables.push_back(table);
    tables.back().protocol = protocol;
  }
  return tables;
}

}  // namespace emulator
