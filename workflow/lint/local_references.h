#pragma once
// Actions and reusable workflows that can be read: those of the repository itself (`./path`, `$/path`), and
// those of others that were fetched; as far as ProjectFiles shows them, each once. Else known_actions is
// asked.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/action_metadata.h"
#include "workflow/lint/lint.h"

namespace workflow::lint {

bool is_local(std::string_view uses);

/// The path behind `./` or `$/`, from the root of the repository; nothing when it leads out of it, or for
/// `uses` of another form.
std::optional<std::string> local_path(std::string_view uses);
/// The same also of what was fetched.
std::optional<std::string> readable_path(const ProjectFiles& files, std::string_view uses);

struct LocalAction {
  std::string path;           ///< of action.yml, action.yaml or Dockerfile; empty when there is none
  bool has_metadata = false;  ///< else it is a Dockerfile alone
  ActionDraft draft;          ///< of metadata
};

struct LocalWorkflow {
  std::string path;
  bool exists = false;
  WorkflowDraft draft;
  /// Of its `workflow_call`; absent without one.
  [[nodiscard]] const Node& call() const;
  [[nodiscard]] bool can_be_called() const;
};

class LocalReferences {
 public:
  explicit LocalReferences(const ProjectFiles& files) : files_(files) {}

  /// Null when the files of the project are not known, or for `uses` of another form. Valid as long as this.
  const LocalAction* find_action(std::string_view uses);
  const LocalWorkflow* find_workflow(std::string_view uses);

  /// The names of a step's outputs, for type checks of `steps.<id>.outputs`; nothing when any may exist.
  std::optional<std::vector<std::string>> action_outputs(std::string_view uses);
  /// The names of a called workflow's outputs, for type checks of `needs.<id>.outputs`.
  std::optional<std::vector<std::string>> workflow_outputs(std::string_view uses);

 private:
  const ProjectFiles& files_;
  std::map<std::string, LocalAction> actions_;      ///< by folder
  std::map<std::string, LocalWorkflow> workflows_;  ///< by path
};

}  // namespace workflow::lint
