#include "workflow/expression/functions.h"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <limits>

#include "base/json.h"
#include "base/strings.h"
#include "workflow/expression/characters.h"

namespace workflow::expression {

namespace {

using Arguments = std::vector<Value>;
constexpr std::size_t kAny = 255;

bool is_primitive(const Value& value) {
  return !value.is_array() && !value.is_object();
}

base::Result<Value> contains(const Arguments& arguments) {
  const auto& where = arguments[0];
  if (where.is_array()) {
    for (const auto& element : where.array()) {
      if (is_primitive(element) && is_primitive(arguments[1]) && loosely_equal(element, arguments[1]))
        return Value(true);
    }
    return Value(false);
  }
  if (!is_primitive(where) || !is_primitive(arguments[1])) return Value(false);
  return Value(to_upper_ordinal(where.to_text()).find(to_upper_ordinal(arguments[1].to_text())) !=
               std::string::npos);
}

base::Result<Value> starts_with(const Arguments& arguments) {
  if (!is_primitive(arguments[0]) || !is_primitive(arguments[1])) return Value(false);
  return Value(
      to_upper_ordinal(arguments[0].to_text()).starts_with(to_upper_ordinal(arguments[1].to_text())));
}

base::Result<Value> ends_with(const Arguments& arguments) {
  if (!is_primitive(arguments[0]) || !is_primitive(arguments[1])) return Value(false);
  return Value(to_upper_ordinal(arguments[0].to_text()).ends_with(to_upper_ordinal(arguments[1].to_text())));
}

base::Result<Value> join(const Arguments& arguments) {
  if (!arguments[0].is_array())
    return Value(is_primitive(arguments[0]) ? arguments[0].to_text() : std::string());
  const std::string separator =
      arguments.size() > 1 && is_primitive(arguments[1]) ? arguments[1].to_text() : ",";
  std::string text;
  bool first = true;
  for (const auto& element : arguments[0].array()) {
    if (!first) text += separator;
    first = false;
    if (is_primitive(element)) text += element.to_text();
    if (text.size() > kMaxText) return base::invalid_input("The result of join() is larger than 10 MB");
  }
  return Value(std::move(text));
}

base::Result<Value> format(const Arguments& arguments) {
  const std::string pattern = arguments[0].to_text();
  const auto invalid = [&] {
    return base::invalid_input(fmt::format("The following format string is invalid: {}", pattern));
  };
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    const char next = i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    if ((c == '{' || c == '}') && next == c) {
      text += c;
      ++i;
    } else if (c == '{') {
      const auto end = pattern.find('}', i);
      if (end == std::string::npos) return invalid();
      const auto digits = std::string_view(pattern).substr(i + 1, end - i - 1);
      const auto index =
          digits.size() > 3 || digits.starts_with('-') ? std::nullopt : base::parse_integer(digits);
      if (!index) return invalid();
      if (static_cast<std::size_t>(*index) + 1 >= arguments.size()) {
        return base::invalid_input(fmt::format(
            "The following format string references more arguments than were supplied: {}", pattern));
      }
      text += arguments[static_cast<std::size_t>(*index) + 1].to_text();
      i = end;
    } else if (c == '}') {
      return invalid();
    } else {
      text += c;
    }
    if (text.size() > kMaxText) return base::invalid_input("The result of format() is larger than 10 MB");
  }
  return Value(std::move(text));
}

base::Result<Value> to_json_function(const Arguments& arguments) {
  auto text = to_json_text(arguments[0], kMaxText);
  if (text.size() > kMaxText) return base::invalid_input("The result of toJSON() is larger than 10 MB");
  return Value(std::move(text));
}

base::Result<Value> from_json_function(const Arguments& arguments) {
  const std::string text = arguments[0].to_text();
  if (base::trim(text).empty()) return base::invalid_input("Error parsing fromJson: the input is empty");
  auto json = base::parse_json(text);
  if (!json) return base::invalid_input(fmt::format("Error parsing fromJson: {}", json.error().message));
  return from_json(*json);
}

struct Function {
  FunctionSignature signature;
  base::Result<Value> (*call)(const Arguments&);  // null: answered by the evaluator
};

constexpr std::array<Function, 13> kFunctions{{
    {{"contains", 2, 2}, contains},
    {{"startsWith", 2, 2}, starts_with},
    {{"endsWith", 2, 2}, ends_with},
    {{"format", 1, kAny}, format},
    {{"join", 1, 2}, join},
    {{"toJSON", 1, 1}, to_json_function},
    {{"fromJSON", 1, 1}, from_json_function},
    {{"case", 3, kAny}, nullptr},
    {{"hashFiles", 1, kAny}, nullptr},
    {{"success", 0, kAny}, nullptr},
    {{"failure", 0, kAny}, nullptr},
    {{"cancelled", 0, 0}, nullptr},
    {{"always", 0, 0}, nullptr},
}};

const Function* find(std::string_view name) {
  for (const auto& function : kFunctions) {
    if (base::equals_ignoring_case(function.signature.name, name)) return &function;
  }
  return nullptr;
}

}  // namespace

const FunctionSignature* find_function(std::string_view name) {
  const auto* function = find(name);
  return function == nullptr ? nullptr : &function->signature;
}

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (const auto& function : kFunctions) names.emplace_back(function.signature.name);
  return names;
}

bool is_status_function(std::string_view name) {
  return base::equals_ignoring_case(name, "success") || base::equals_ignoring_case(name, "failure") ||
         base::equals_ignoring_case(name, "cancelled") || base::equals_ignoring_case(name, "always");
}

std::optional<std::string> check_call(std::string_view name, std::size_t arguments) {
  const auto* signature = find_function(name);
  if (signature == nullptr) return "Unrecognized function";
  if (arguments < signature->least) return "Too few parameters supplied";
  if (arguments > signature->most) return "Too many parameters supplied";
  if (signature->name == "case" && arguments % 2 == 0)
    return "Even number of parameters supplied, requires an odd number of parameters";
  return std::nullopt;
}

base::Result<Value> call_pure_function(std::string_view name, const std::vector<Value>& arguments) {
  const auto* function = find(name);
  if (function == nullptr || function->call == nullptr)
    return base::invalid_input(fmt::format("{} is no pure function", name));
  return function->call(arguments);
}

}  // namespace workflow::expression
