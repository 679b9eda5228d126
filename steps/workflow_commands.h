#pragma once
// The text of workflow commands: `::name key=value::data` and `##[name key=value;]data` (actions/runner
// ActionCommand.cs). Pure; what a command does is in step_output.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/strings.h"
#include "steps/log_sink.h"

namespace steps {

struct WorkflowCommand {
  std::string name;  ///< lower case
  std::map<std::string, std::string, base::LessIgnoringCase> properties;
  std::string data;
  [[nodiscard]] std::string property(std::string_view key) const;
};

/// The command on a line of output; nothing when it is ordinary output. `resume_token` is a further name that
/// counts as a command, the one that ends `stop-commands`.
std::optional<WorkflowCommand> parse_workflow_command(std::string_view line,
                                                      std::string_view resume_token = "");
bool is_workflow_command(std::string_view name);

/// The annotation of an error, warning or notice command; places that make no sense are dropped.
Annotation to_annotation(const WorkflowCommand& command);

}  // namespace steps
