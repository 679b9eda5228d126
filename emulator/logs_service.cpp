#include "emulator/logs_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/crypto.h"
#include "base/strings.h"
#include "emulator/api_failure.h"

namespace emulator {

namespace {

constexpr std::size_t kMostEvents = 10'000;  // of one answer, as CloudWatch has it

struct Surroundings {
  LogStore& store;
  std::string account;
  std::string region;
};

std::string input(const ApiCall& call, std::string_view name) {
  return base::json_string(call.input, name);
}

/// By name or by the ARN that newer clients send.
std::string group_of(const ApiCall& call) {
  auto name = input(call, "logGroupName");
  if (name.empty()) name = input(call, "logGroupIdentifier");
  const auto at = name.find(":log-group:");
  if (at == std::string::npos) return name;
  name = name.substr(at + std::string_view(":log-group:").size());
  return name.ends_with(":*") ? name.substr(0, name.size() - 2) : name;
}

ApiFailure no_group() {
  return failure("ResourceNotFoundException", "The specified log group does not exist.");
}
ApiFailure no_stream() {
  return failure("ResourceNotFoundException", "The specified log stream does not exist.");
}

std::string group_arn(const Surroundings& all, const std::string& group) {
  return fmt::format("arn:aws:logs:{}:{}:log-group:{}", all.region, all.account, group);
}

struct Window {
  std::int64_t start = 0;
  std::int64_t end = std::numeric_limits<std::int64_t>::max();
  [[nodiscard]] bool holds(std::int64_t time) const { return time >= start && time < end; }
};

Window window_of(const ApiCall& call) {
  return {base::json_integer(call.input, "startTime", 0),
          base::json_integer(call.input, "endTime", std::numeric_limits<std::int64_t>::max())};
}

std::size_t limit_of(const ApiCall& call) {
  const auto limit = base::json_integer(call.input, "limit", kMostEvents);
  return limit < 1 ? kMostEvents : std::min<std::size_t>(static_cast<std::size_t>(limit), kMostEvents);
}

/// Tokens are positions: "f/120" is all from the 120th event on, "b/120" all before it.
std::size_t position_of(const std::string& token) {
  const auto number =
      token.size() > 2 ? base::parse_integer(std::string_view(token).substr(2)) : std::nullopt;
  return number && *number >= 0 ? static_cast<std::size_t>(*number) : 0;
}

ApiResult get_log_events(const Surroundings& all, const ApiCall& call) {
  const auto group = group_of(call);
  const auto stream = input(call, "logStreamName");
  if (!all.store.has_group(group)) return no_group();
  if (!all.store.has_stream(group, stream)) return no_stream();
  auto lines = all.store.read(group, stream);
  const auto window = window_of(call);
  std::erase_if(lines, [&](const LogLine& line) { return !window.holds(line.time_ms); });
  const auto token = input(call, "nextToken");
  const auto limit = limit_of(call);
  std::size_t first = 0;
  std::size_t last = lines.size();
  if (token.starts_with("f/")) {
    first = std::min(position_of(token), lines.size());
    last = std::min(lines.size(), first + limit);
  } else if (token.starts_with("b/")) {
    last = std::min(position_of(token), lines.size());
    first = last > limit ? last - limit : 0;
  } else if (base::json_bool(call.input, "startFromHead")) {
    last = std::min(lines.size(), limit);
  } else {
    first = lines.size() > limit ? lines.size() - limit : 0;
  }
  base::Json events = base::Json::array();
  for (std::size_t i = first; i < last; ++i) {
    events.push_back({{"timestamp", lines[i].time_ms},
                      {"message", lines[i].message},
                      {"ingestionTime", lines[i].time_ms}});
  }
  return base::Json{{"events", std::move(events)},
                    {"nextForwardToken", fmt::format("f/{}", last)},
                    {"nextBackwardToken", fmt::format("b/{}", first)}};
}

/// Words and "quoted phrases" that all have to occur, `-word` that must not. JSON and column patterns are
/// refused.
struct FilterPattern {
  std::vector<std::string> wanted;
  std::vector<std::string> unwanted;
  [[nodiscard]] bool matches(const std::string& message) const {
    const auto occurs = [&](const std::string& term) { return message.find(term) != std::string::npos; };
    return std::all_of(wanted.begin(), wanted.end(), occurs) &&
           std::none_of(unwanted.begin(), unwanted.end(), occurs);
  }
};

std::optional<FilterPattern> parse_filter(std::string_view text) {
  FilterPattern pattern;
  while (!(text = base::trim(text)).empty()) {
    if (text.front() == '{' || text.front() == '[' || text.front() == '%' || text.front() == '?')
      return std::nullopt;
    const bool negated = text.front() == '-';
    if (negated) text.remove_prefix(1);
    const bool quoted = text.starts_with('"');
    const auto end = quoted ? text.find('"', 1) : text.find(' ');
    auto term = std::string(
        text.substr(quoted ? 1 : 0, end == std::string_view::npos ? end : end - (quoted ? 1 : 0)));
    if (!term.empty()) (negated ? pattern.unwanted : pattern.wanted).push_back(std::move(term));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + (quoted ? 1 : 0));
  }
  return pattern;
}

struct FoundLine {
  std::string stream;
  std::size_t index = 0;
  LogLine line;
};

std::vector<std::string> chosen_streams(const Surroundings& all, const ApiCall& call,
                                        const std::string& group) {
  std::vector<std::string> names;
  for (const auto& name : base::json_member(call.input, "logStreamNames")) {
    if (name.is_string()) names.push_back(name.get<std::string>());
  }
  if (!names.empty()) return names;
  const auto prefix = input(call, "logStreamNamePrefix");
  names = all.store.streams(group);
  std::erase_if(names, [&](const std::string& name) { return !name.starts_with(prefix); });
  return names;
}

ApiResult filter_log_events(const Surroundings& all, const ApiCall& call) {
  const auto group = group_of(call);
  if (!all.store.has_group(group)) return no_group();
  const auto pattern = parse_filter(input(call, "filterPattern"));
  if (!pattern) {
    return failure(
        "InvalidParameterException",
        fmt::format("Invalid filter pattern '{}': this emulator knows words, \"phrases\" and -words",
                    input(call, "filterPattern")));
  }
  const auto window = window_of(call);
  std::vector<FoundLine> found;
  for (const auto& stream : chosen_streams(all, call, group)) {
    std::size_t index = 0;
    for (auto& line : all.store.read(group, stream)) {
      ++index;
      if (window.holds(line.time_ms) && pattern->matches(line.message))
        found.push_back({stream, index, std::move(line)});
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const FoundLine& a, const FoundLine& b) { return a.line.time_ms < b.line.time_ms; });
  const auto first = std::min(position_of(input(call, "nextToken")), found.size());
  const auto last = std::min(found.size(), first + limit_of(call));
  base::Json events = base::Json::array();
  for (std::size_t i = first; i < last; ++i) {
    events.push_back(
        {{"logStreamName", found[i].stream},
         {"timestamp", found[i].line.time_ms},
         {"message", found[i].line.message},
         {"ingestionTime", found[i].line.time_ms},
         {"eventId", base::sha256_hex(fmt::format("{}/{}", found[i].stream, found[i].index)).substr(0, 32)}});
  }
  base::Json answer = {{"events", std::move(events)}, {"searchedLogStreams", base::Json::array()}};
  if (last < found.size()) answer["nextToken"] = fmt::format("f/{}", last);
  return answer;
}

ApiResult put_log_events(const Surroundings& all, const ApiCall& call) {
  const auto group = group_of(call);
  const auto stream = input(call, "logStreamName");
  if (!all.store.has_group(group)) return no_group();
  if (!all.store.has_stream(group, stream)) return no_stream();
  std::vector<LogLine> lines;
  for (const auto& event : base::json_member(call.input, "logEvents")) {
    lines.push_back({base::json_integer(event, "timestamp"), base::json_string(event, "message")});
  }
  all.store.append(group, stream, lines);
  return base::Json{{"nextSequenceToken", "0"}};
}

ApiResult describe_streams(const Surroundings& all, const ApiCall& call) {
  const auto group = group_of(call);
  if (!all.store.has_group(group)) return no_group();
  base::Json list = base::Json::array();
  for (const auto& stream : chosen_streams(all, call, group)) {
    const auto lines = all.store.read(group, stream);
    base::Json entry = {{"logStreamName", stream},
                        {"arn", group_arn(all, group) + ":log-stream:" + stream},
                        {"storedBytes", 0}};
    if (!lines.empty()) {
      entry["firstEventTimestamp"] = lines.front().time_ms;
      entry["lastEventTimestamp"] = lines.back().time_ms;
      entry["lastIngestionTime"] = lines.back().time_ms;
    }
    list.push_back(std::move(entry));
  }
  const bool newest_first = base::json_bool(call.input, "descending");
  const std::string key = input(call, "orderBy") == "LastEventTime" ? "lastEventTimestamp" : "logStreamName";
  std::stable_sort(list.begin(), list.end(), [&](const base::Json& a, const base::Json& b) {
    const auto& first = base::json_member(newest_first ? b : a, key);
    const auto& second = base::json_member(newest_first ? a : b, key);
    return first < second;
  });
  return base::Json{{"logStreams", std::move(list)}};
}

ApiResult describe_groups(const Surroundings& all, const ApiCall& call) {
  const auto prefix = input(call, "logGroupNamePrefix");
  base::Json list = base::Json::array();
  for (const auto& group : all.store.groups()) {
    if (!group.starts_with(prefix)) continue;
    list.push_back({{"logGroupName", group},
                    {"arn", group_arn(all, group) + ":*"},
                    {"logGroupArn", group_arn(all, group)}});
  }
  return base::Json{{"logGroups", std::move(list)}};
}

}  // namespace

ServiceTable make_logs_service(LogStore& store, const std::string& account, const std::string& region) {
  ServiceTable table{.name = "logs", .protocol = Protocol::json, .target_prefix = "Logs_20140328"};
  const Surroundings all{store, account, region};
  auto& operations = table.operations;
  operations["GetLogEvents"] = [all](const ApiCall& call) { return get_log_events(all, call); };
  operations["FilterLogEvents"] = [all](const ApiCall& call) { return filter_log_events(all, call); };
  operations["PutLogEvents"] = [all](const ApiCall& call) { return put_log_events(all, call); };
  operations["DescribeLogStreams"] = [all](const ApiCall& call) { return describe_streams(all, call); };
  operations["DescribeLogGroups"] = [all](const ApiCall& call) { return describe_groups(all, call); };
  operations["CreateLogGroup"] = [all](const ApiCall& call) -> ApiResult {
    if (group_of(call).empty()) return failure("InvalidParameterException", "logGroupName: expected a name");
    if (all.store.create_group(group_of(call))) return base::Json(base::Json::object());
    return failure("ResourceAlreadyExistsException", "The specified log group already exists");
  };
  operations["DeleteLogGroup"] = [all](const ApiCall& call) -> ApiResult {
    if (!all.store.remove_group(group_of(call))) return no_group();
    return base::Json(base::Json::object());
  };
  operations["CreateLogStream"] = [all](const ApiCall& call) -> ApiResult {
    switch (all.store.create_stream(group_of(call), input(call, "logStreamName"))) {
      case LogStore::Made::created:
        return base::Json(base::Json::object());
      case LogStore::Made::existed:
        return failure("ResourceAlreadyExistsException", "The specified log stream already exists");
      case LogStore::Made::no_group:
        break;
    }
    return no_group();
  };
  return table;
}

}  // namespace emulator
