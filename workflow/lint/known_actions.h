#pragma once
// Actions that many workflows use: what each of their versions takes, gives and runs on, as their action.yml
// files said in September 2026. Not for actions in the repository itself (local_action), nor for what the
// runner makes of an action.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace workflow::lint {

struct KnownInput {
  std::string_view name;
  bool required = false;    ///< and without a default
  bool deprecated = false;  ///< says the action itself
};

/// One version of an action. The texts never go away.
struct KnownAction {
  std::string_view name;     ///< owner/repository, with the folder when there is one
  std::optional<int> major;  ///< nothing for a branch or a commit
  int newest_major = 0;      ///< that the table knows
  std::string_view runtime;  ///< node24, composite, docker …; "" when the version is not known
  std::vector<KnownInput> inputs;
  std::vector<std::string_view> outputs;
  bool all_inputs_known = true;   ///< else there may be more: a newer version, or 0.x
  bool all_outputs_known = true;  ///< else there may be more, as some make outputs of their inputs
};

/// What `owner/repository[/folder]@ref` is, or nothing for an action that the table does not have. A ref that
/// names no version stands for all of them.
std::optional<KnownAction> find_known_action(std::string_view uses);

/// The names of a step's outputs, for type checks of `steps.<id>.outputs`; nothing when any may exist.
std::optional<std::vector<std::string_view>> known_action_outputs(std::string_view uses);

/// owner/repository[/folder] and the ref behind the `@`, both as written; nothing for another form.
struct ActionReference {
  std::string_view name;
  std::string_view ref;
};
std::optional<ActionReference> split_action_reference(std::string_view uses);

/// The major version that a tag names: v4, v4.1.2, 4, release/v1. Nothing for branches and commits.
std::optional<int> major_version_of(std::string_view ref);

}  // namespace workflow::lint
