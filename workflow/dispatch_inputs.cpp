#include "workflow/dispatch_inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/similar_name.h"
#include "base/strings.h"

namespace workflow {

namespace {

base::Result<expression::Value> typed(const DispatchInput& input, const std::string& text) {
  if (input.type == "boolean") {
    if (text != "true" && text != "false") {
      return base::invalid_input(
          fmt::format("the input '{}' is a boolean: expected true or false, found '{}'", input.name, text));
    }
    return expression::Value(text == "true");
  }
  if (input.type == "number") {
    const double number = expression::Value(text).to_number();
    if (text.empty() || std::isnan(number)) {
      return base::invalid_input(fmt::format("the input '{}' is a number, found '{}'", input.name, text));
    }
    return expression::Value(number);
  }
  if (input.type == "choice" &&
      std::find(input.options.begin(), input.options.end(), text) == input.options.end()) {
    return base::invalid_input(fmt::format("the input '{}' is a choice of: {}; found '{}'", input.name,
                                           base::join(input.options, ", "), text));
  }
  return expression::Value(text);
}

std::string absent_value(const DispatchInput& input) {
  if (input.type == "boolean") return "false";
  if (input.type == "number") return "0";
  return input.type == "choice" && !input.options.empty() ? input.options.front() : "";
}

const std::string* find_given(const std::map<std::string, std::string>& given, const std::string& name) {
  const auto found = std::find_if(given.begin(), given.end(), [&](const auto& entry) {
    return base::equals_ignoring_case(entry.first, name);
  });
  return found == given.end() ? nullptr : &found->second;
}

std::string text_of(const DispatchInput& input, const std::map<std::string, std::string>& given) {
  const auto* text = find_given(given, input.name);
  return text != nullptr ? *text : input.default_value.value_or(absent_value(input));
}

base::Result<void> check_known(const Workflow& workflow, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& input : workflow.dispatch_inputs) {
    if (base::equals_ignoring_case(input.name, name)) return {};
    names.push_back(input.name);
  }
  if (names.empty())
    return base::invalid_input(fmt::format("{} takes no inputs, found '{}'", workflow.path, name));
  if (const auto similar = base::similar_name(name, names))
    return base::invalid_input(
        fmt::format("{} has no input '{}'; did you mean '{}'?", workflow.path, name, *similar));
  return base::invalid_input(
      fmt::format("{} has no input '{}'; its inputs are: {}", workflow.path, name, base::join(names, ", ")));
}

}  // namespace

base::Result<expression::Value> dispatch_inputs(const Workflow& workflow,
                                                const std::map<std::string, std::string>& given) {
  for (const auto& [name, value] : given) TRY(check_known(workflow, name));
  expression::Object inputs;
  for (const auto& input : workflow.dispatch_inputs) {
    const auto* text = find_given(given, input.name);
    if (input.required && !input.default_value && (text == nullptr || text->empty())) {
      return base::invalid_input(
          fmt::format("the input '{}' is required: give it with --input {}=…", input.name, input.name));
    }
    TRY(auto value, typed(input, text_of(input, given)));
    inputs.set(input.name, std::move(value));
  }
  return expression::Value(std::move(inputs));
}

expression::Value dispatch_event_inputs(const Workflow& workflow,
                                        const std::map<std::string, std::string>& given) {
  expression::Object inputs;
  for (const auto& input : workflow.dispatch_inputs)
    inputs.set(input.name, expression::Value(text_of(input, given)));
  return expression::Value(std::move(inputs));
}

std::map<std::string, std::string> given_inputs(const expression::Value& payload) {
  std::map<std::string, std::string> given;
  const auto inputs = payload.get("inputs");
  if (!inputs.is_object()) return given;
  for (const auto& [name, value] : inputs.object().members()) {
    if (!value.is_null()) given[name] = value.to_text();
  }
  return given;
}

}  // namespace workflow
