#include "base/json.h"

#include <fmt/format.h>

#include <cstdint>
#include <vector>

namespace base {

namespace {

constexpr std::size_t kMaxDepth = 200;
// An ordered object finds a name by looking at all of them, so a larger one would take quadratic time to
// read; and a document of many such objects likewise.
constexpr std::size_t kMaxMembers = 50'000;
constexpr std::size_t kMaxComparisons = kMaxMembers * kMaxMembers;
// The parser's messages quote what they are about, however long that is.
constexpr std::size_t kMostQuoted = 300;

// Written and destroyed by recursion, and so bounded before anything is built.
Result<void> check_size(std::string_view text) {
  std::vector<std::size_t> members;
  std::size_t comparisons = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      members.push_back(0);
      if (members.size() > kMaxDepth) {
        return make_error(ErrorKind::invalid_input,
                          fmt::format("JSON nested deeper than {} levels", kMaxDepth));
      }
    } else if (c == '}' || c == ']') {
      if (!members.empty()) members.pop_back();
    } else if (c == ':' && !members.empty() && ++members.back() > kMaxMembers) {
      return make_error(ErrorKind::invalid_input,
                        fmt::format("a JSON object of more than {} members", kMaxMembers));
    } else if (c == ':' && !members.empty() && (comparisons += members.back()) > kMaxComparisons) {
      return make_error(ErrorKind::invalid_input, "a JSON document of too many large objects");
    }
  }
  return {};
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  TRY(check_size(text));
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const Json::parse_error& error) {
    const std::size_t end = std::min<std::size_t>(error.byte == 0 ? 0 : error.byte - 1, text.size());
    int line = 1;
    int column = 1;
    for (std::size_t i = 0; i < end; ++i) {
      ++column;
      if (text[i] == '\n') {
        ++line;
        column = 1;
      }
    }
    std::string_view what = error.what();
    if (const auto colon = what.find(": "); colon != std::string_view::npos) what.remove_prefix(colon + 2);
    return make_error(ErrorKind::invalid_input, fmt::format("invalid JSON at line {}, column {}: {:.{}}",
                                                            line, column, what, kMostQuoted));
  } catch (const Json::exception& error) {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("invalid JSON: {:.{}}", error.what(), kMostQuoted));
  }
}

const Json& json_member(const Json& object, std::string_view key) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(std::string(key));
  return found == object.end() ? kNull : *found;
}

std::string json_string(const Json& object, std::string_view key, std::string fallback) {
  const auto& member = json_member(object, key);
  return member.is_string() ? member.get<std::string>() : std::move(fallback);
}

std::int64_t json_integer(const Json& object, std::string_view key, std::int64_t fallback) {
  const auto& member = json_member(object, key);
  if (member.is_number_unsigned()) {
    const auto value = member.get<std::uint64_t>();
    return value <= INT64_MAX ? static_cast<std::int64_t>(value) : fallback;
  }
  if (member.is_number_integer()) return member.get<std::int64_t>();
  if (member.is_number_float()) {
    const double value = member.get<double>();
    if (value > -9.0e18 && value < 9.0e18) return static_cast<std::int64_t>(value);
  }
  return fallback;
}

bool json_bool(const Json& object, std::string_view key, bool fallback) {
  const auto& member = json_member(object, key);
  return member.is_boolean() ? member.get<bool>() : fallback;
}

double json_number(const Json& object, std::string_view key, double fallback) {
  const auto& member = json_member(object, key);
  return member.is_number() ? member.get<double>() : fallback;
}

std::string to_text(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace base
