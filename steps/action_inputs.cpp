#include "steps/action_inputs.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace steps {

base::Result<std::map<std::string, std::string>> action_inputs(const StepRun& run,
                                                               const LoadedAction& action) {
  std::map<std::string, std::string> inputs;
  std::map<std::string, std::string> given = run.with;
  std::vector<std::string> valid;
  auto scope = scope_of(run.job);
  scope.file = action.metadata.file;
  for (const workflow::ActionInput& input : action.metadata.inputs) {
    valid.push_back(fmt::format("'{}'", input.name));
    const auto found = given.find(base::to_lower(input.name));
    if (found != given.end()) {
      if (!input.deprecation_message.empty()) {
        run.job.log->annotation({LineKind::warning,
                                 fmt::format("Input '{}' has been deprecated with message: {}", input.name,
                                             input.deprecation_message),
                                 "", ""});
      }
      inputs[input.name] = found->second;
      given.erase(found);
    } else if (input.default_value) {
      TRY(inputs[input.name],
          workflow::evaluate_text(*input.default_value, scope)
              .while_doing(fmt::format("evaluating the default of input '{}'", input.name)));
    } else {
      inputs[input.name] = "";
    }
  }
  std::vector<std::string> unknown;
  for (const auto& [name, value] : given) {
    inputs[name] = value;
    if (name != "args" && name != "entrypoint") unknown.push_back(fmt::format("'{}'", name));
  }
  if (!unknown.empty()) {
    run.job.log->annotation({LineKind::warning,
                             fmt::format("Unexpected input(s) {}, valid inputs are [{}]",
                                         base::join(unknown, ", "), base::join(valid, ", ")),
                             "", ""});
  }
  return inputs;
}

}  // namespace steps
