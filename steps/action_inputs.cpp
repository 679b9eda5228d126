#include "steps/action_inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/strings.h"

namespace steps {
namespace {

void warn_of_input(const StepRun& run, std::string message) {
  run.job.log->annotation({LineKind::warning, std::move(message), "", ""});
}

}  // namespace

base::Result<Outputs> action_inputs(StepRun& run, const LoadedAction& action) {
  if (run.inputs) return *run.inputs;
  Outputs inputs = run.with;
  auto scope = scope_of(run.job);
  scope.file = action.metadata.file;
  const auto& declared = action.metadata.inputs;
  for (const auto& [given, value] : run.with) {
    const auto input = std::find_if(declared.begin(), declared.end(), [name = given](const auto& each) {
      return base::equals_ignoring_case(each.name, name);
    });
    if (input != declared.end() && !input->deprecation_message.empty()) {
      warn_of_input(run, fmt::format("Input '{}' has been deprecated with message: {}", given,
                                     input->deprecation_message));
    }
  }
  std::vector<std::string> valid;
  if (action.metadata.kind == workflow::ActionKind::docker) valid = {"entryPoint", "args"};
  for (const workflow::ActionInput& input : declared) {
    valid.push_back(input.name);
    if (inputs.contains(input.name)) continue;
    std::string& value = inputs[input.name];
    if (!input.default_value) continue;
    TRY(value, workflow::evaluate_text(*input.default_value, scope)
                   .while_doing(fmt::format("evaluating the default of input '{}'", input.name)));
  }
  std::vector<std::string> unexpected;
  for (const auto& [given, value] : run.with) {
    const bool known = std::any_of(valid.begin(), valid.end(), [name = given](const std::string& each) {
      return base::equals_ignoring_case(each, name);
    });
    if (!known) unexpected.push_back(given);
  }
  if (!unexpected.empty()) {
    warn_of_input(run, fmt::format("Unexpected input(s) '{}', valid inputs are ['{}']",
                                   base::join(unexpected, "', '"), base::join(valid, "', '")));
  }
  run.inputs = inputs;
  return inputs;
}

}  // namespace steps
