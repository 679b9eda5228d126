#include <fmt/format.h>

#include <optional>
#include <set>

#include "base/json.h"
#include "base/strings.h"
#include "workflow/expression/functions.h"
#include "workflow/lint/expression_types.h"

namespace workflow::lint {

namespace {

const std::string* literal_text(const expression::Node& node) {
  return node.kind == expression::NodeKind::literal && node.literal.is_string() ? &node.literal.string()
                                                                                : nullptr;
}

/// One call: what it takes, and what comes of it.
class CallChecker {
 public:
  CallChecker(const expression::Node& call, std::string_view name, const std::vector<TypePointer>& arguments,
              std::vector<TypeProblem>& problems)
      : call_(call), name_(name), arguments_(arguments), problems_(problems) {}

  TypePointer check() {
    if (name_ == "toJSON") return string_type();
    if (name_ == "fromJSON") return from_json();
    if (name_ == "case") return case_of();
    if (name_ == "contains" || name_ == "join") {
      if (arguments_[0]->is(TypeKind::object)) refuse(0, "an array or a string");
      for (std::size_t i = 1; i < arguments_.size(); ++i) scalar(i);
      return name_ == "join" ? string_type() : boolean_type();
    }
    for (std::size_t i = 0; i < arguments_.size(); ++i) scalar(i);
    if (name_ == "format") format();
    return name_ == "format" || name_ == "hashFiles" ? string_type() : boolean_type();
  }

 private:
  void scalar(std::size_t at) {
    if (arguments_[at]->is(TypeKind::array) || arguments_[at]->is(TypeKind::object)) refuse(at, "a string");
  }

  void refuse(std::size_t at, std::string_view expected) {
    report(start_of(*call_.children[at]), kExpressionType,
           fmt::format("argument {} of {}() is {}, but this is {}", at + 1, name_, expected,
                       describe(*arguments_[at])));
  }

  TypePointer case_of() {
    TypePointer result = arguments_.back();
    for (std::size_t i = 0; i + 1 < arguments_.size(); i += 2) {
      if (!arguments_[i]->is(TypeKind::any) && !arguments_[i]->is(TypeKind::boolean)) refuse(i, "a boolean");
      result = merged(result, arguments_[i + 1]);
    }
    return result;
  }

  TypePointer from_json() {
    scalar(0);
    const auto* text = literal_text(*call_.children[0]);
    if (text == nullptr) return any_type();
    const bool empty = base::trim(*text).empty();
    const auto json = base::parse_json(*text);
    if (json && !empty) return type_of_value(expression::from_json(*json));
    report(call_.children[0]->offset, kJsonText,
           fmt::format("fromJSON() gets a text that is no JSON: {}",
                       empty ? "it is empty" : json.error().message));
    return any_type();
  }

  // The placeholders of a literal pattern against the arguments behind it.
  void format() {
    const auto* pattern = literal_text(*call_.children[0]);
    if (pattern == nullptr) return;
    const auto used = placeholders(*pattern);
    if (!used) {
      report(call_.children[0]->offset, kFormatArguments,
             "the pattern of format() is invalid: expected {0}, {1} … and braces of the text doubled, {{ and "
             "}}");
      return;
    }
    const auto given = arguments_.size() - 1;
    for (const auto index : *used) {
      if (index >= given) {
        report(call_.children[0]->offset, kFormatArguments,
               fmt::format("the pattern of format() has {{{}}}, but {} follow{} it", index, count_of(given),
                           given == 1 ? "s" : ""));
      }
    }
    for (std::size_t i = 0; i < given; ++i) {
      if (used->count(i) > 0) continue;
      report(start_of(*call_.children[i + 1]), kFormatArguments,
             fmt::format("the pattern of format() has no {{{}}}: this argument is not used", i));
    }
  }

  static std::string count_of(std::size_t arguments) {
    return arguments == 1 ? "1 argument" : fmt::format("{} arguments", arguments);
  }

  // The numbers between braces; nothing when the pattern is invalid.
  static std::optional<std::set<std::size_t>> placeholders(std::string_view pattern) {
    std::set<std::size_t> found;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      const char c = pattern[i];
      if (c != '{' && c != '}') continue;
      if (i + 1 < pattern.size() && pattern[i + 1] == c) {
        ++i;
        continue;
      }
      const auto end = pattern.find('}', i);
      if (c == '}' || end == std::string_view::npos) return std::nullopt;
      constexpr std::size_t kMostDigits = 3;
      const auto digits = pattern.substr(i + 1, end - i - 1);
      const auto index = digits.size() > kMostDigits ? std::nullopt : base::parse_integer(digits);
      if (!index || *index < 0) return std::nullopt;
      found.insert(static_cast<std::size_t>(*index));
      i = end;
    }
    return found;
  }

  void report(std::size_t offset, std::string_view rule, std::string message) {
    problems_.push_back({offset, rule, std::move(message)});
  }

  const expression::Node& call_;
  std::string_view name_;
  const std::vector<TypePointer>& arguments_;
  std::vector<TypeProblem>& problems_;
};

}  // namespace

TypePointer type_of_call(const expression::Node& call, const std::vector<TypePointer>& arguments,
                         std::vector<TypeProblem>& problems) {
  const auto* function = expression::find_function(call.name);
  if (function == nullptr || arguments.size() < function->least) return any_type();
  return CallChecker(call, function->name, arguments, problems).check();
}

}  // namespace workflow::lint
