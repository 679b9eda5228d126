#include "workflow/dispatch_inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

}  // namespace

base::Result<expression::Value> dispatch_inputs(const Workflow& workflow,
                                                const std::map<std::string, std::string>& given) {
  for (const auto& [name, value] : given) {
    const bool known = std::any_of(workflow.dispatch_inputs.begin(), workflow.dispatch_inputs.end(),
                                   [&, &wanted = name](const DispatchInput& input) {
                                     return base::equals_ignoring_case(input.name, wanted);
                                   });
    if (known) continue;
    std::vector<std::string> names;
    for (const auto& input : workflow.dispatch_inputs) names.push_back(input.name);
    return base::invalid_input(names.empty()
                                   ? fmt::format("{} takes no inputs, found '{}'", workflow.path, name)
                                   : fmt::format("{} has no input '{}'; its inputs are: {}", workflow.path,
                                                 name, base::join(names, ", ")));
  }
  expression::Object inputs;
  for (const auto& input : workflow.dispatch_inputs) {
    const auto found = std::find_if(given.begin(), given.end(), [&](const auto& entry) {
      return base::equals_ignoring_case(entry.first, input.name);
    });
    if (found == given.end() && input.required && !input.default_value) {
      return base::invalid_input(
          fmt::format("the input '{}' is required: give it with --input {}=…", input.name, input.name));
    }
    const auto text =
        found != given.end() ? found->second : input.default_value.value_or(absent_value(input));
    TRY(auto value, typed(input, text));
    inputs.set(input.name, std::move(value));
  }
  return expression::Value(std::move(inputs));
}

}  // namespace workflow
