#pragma once
// The front door of the language: text → Workflow, or what is wrong with it.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "workflow/diagnostic.h"
#include "workflow/permissions.h"
#include "workflow/schema.h"
#include "workflow/workflow.h"
#include "workflow/yaml_reader.h"

namespace workflow {

/// A workflow as far as it could be read. Linters go on where a run cannot.
struct WorkflowDraft {
  Node root;  ///< absent when the text is no YAML
  std::vector<Anchor> anchors;
  Workflow workflow;
  Diagnostics diagnostics;  ///< in the order in which GitHub names them, at most `most_problems`
};
WorkflowDraft read_workflow(const std::string& path, std::string_view text,
                            std::size_t most_problems = kMaxDiagnostics);

/// GitHub's limits (ParseOptions of actions/runner; docs "Limitations of reusable workflows").
struct ReadingLimits {
  std::size_t file_characters = 1U << 20;
  int depth = 50;                        ///< of YAML collections in each other
  std::size_t yaml_events = 50'000;      ///< scalars, beginnings and ends, with what aliases repeat
  std::size_t result_bytes = 10U << 20;  ///< of a workflow and all that it calls, as TemplateMemory counts it
  std::size_t jobs = 0;                  ///< of all of them together; 0: any number
  int nested_calls = 10;
  std::size_t files = 51;
};

/// The text of a workflow that `uses` names: `./path` in the repository of the first one, else
/// owner/repository/path@ref. What a called workflow names with ./ or $/ is of its own repository and ref.
using CalledWorkflowSource = std::function<base::Result<std::string>(const std::string& reference)>;

struct LoadOptions {
  ReadingLimits limits;
  PermissionsPolicy permissions_policy = PermissionsPolicy::write;
  CalledWorkflowSource called_workflow;  ///< absent: calls are not followed
  /// Changes what was read of each file before it is checked, for those that write differently. May be
  /// absent.
  std::function<void(Node& root)> amend;
};

/// A workflow without a problem; else nothing, and at least one diagnostic (at most ten).
struct LoadedWorkflow {
  std::optional<Workflow> workflow;
  Diagnostics diagnostics;
  std::vector<std::string> files;  ///< the path and each called workflow once, in the order of the reading
};
LoadedWorkflow load_workflow(const std::string& path, std::string_view text, const LoadOptions& options = {});

}  // namespace workflow
