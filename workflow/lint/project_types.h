#pragma once
// What the actions and workflows that a workflow uses say of their inputs and outputs: local files of the
// project, and actions that are known anyhow. Each file is read once.

#include <map>
#include <optional>
#include <string>

#include "workflow/lint/lint.h"
#include "workflow/lint/types.h"
#include "workflow/node.h"

namespace workflow::lint {

class ProjectTypes {
 public:
  /// The files must outlive it.
  explicit ProjectTypes(const ProjectFiles& files) : files_(files) {}

  /// The outputs of a step that uses this action: an object of strings, open when it may have any.
  TypePointer outputs_of_action(const std::string& uses);
  /// The outputs of a job that calls this workflow, likewise.
  TypePointer outputs_of_workflow(const std::string& uses);
  /// What a called workflow takes, strict; nothing when it is not a file of the project.
  TypePointer inputs_of_workflow(const std::string& uses);

 private:
  const Node& read(const std::string& path);
  const Node& local_action(const std::string& uses);
  /// `workflow_call` of a local workflow, or an absent node.
  const Node& local_call(const std::string& uses);

  const ProjectFiles& files_;
  std::map<std::string, Node> documents_;
};

}  // namespace workflow::lint
