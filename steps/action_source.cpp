#include "steps/action_source.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <optional>

#include "base/strings.h"
#include "steps/job_files.h"
#include "steps/tree_copy.h"

namespace steps {
namespace {

constexpr std::size_t kMaximumMetadata = 1U << 20;

base::Error no_action_in(const std::string& folder) {
  return base::make_error(
      base::ErrorKind::not_found,
      fmt::format("Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under '{}'. Did you forget "
                  "to run actions/checkout before running your local action?",
                  folder));
}

/// Reads action.yml or action.yaml of an open folder, or takes its Dockerfile alone for an action; `shown` is
/// the folder's name in messages. Nothing when it has none of them.
base::Result<std::optional<workflow::ActionMetadata>> read_metadata(int folder, const std::string& shown) {
  for (const char* name : {"action.yml", "action.yaml"}) {
    auto text = read_regular_file(folder, name, kMaximumMetadata);
    if (!text && text.error().kind == base::ErrorKind::not_found) continue;
    if (!text) return std::move(text).error().while_doing(fmt::format("reading {}/{}", shown, name));
    TRY(auto metadata, workflow::load_action(shown + "/" + name, *text));
    return std::optional(std::move(metadata));
  }
  for (const char* name : {"Dockerfile", "dockerfile"}) {
    if (!base::open_beneath(folder, name, O_PATH | O_CLOEXEC)) continue;
    workflow::ActionMetadata metadata;
    metadata.file = shown + "/" + name;
    metadata.kind = workflow::ActionKind::docker;
    metadata.image = name;
    return std::optional(std::move(metadata));
  }
  return std::optional<workflow::ActionMetadata>();
}

}  // namespace

base::Result<LoadedAction> load_local_action(const std::string& uses, RunningJob& job) {
  LoadedAction action;
  action.folder = base::Path(job.folders.workspace.inside + "/" + uses).lexically_normal().string();
  while (action.folder.size() > 1 && action.folder.ends_with('/')) action.folder.pop_back();
  TRY(auto location, to_host(job.folders, action.folder));
  TRY(auto root, base::open_directory(location.folder));
  auto folder = base::open_beneath(root.get(), location.relative, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (!folder) return no_action_in(action.folder);
  TRY(auto metadata, read_metadata(folder->get(), action.folder));
  if (!metadata) return no_action_in(action.folder);
  action.metadata = std::move(*metadata);
  return action;
}

base::Result<LoadedAction> load_repository_action(const workflow::RepositoryReference& reference,
                                                  const JobRepository& repository) {
  const std::string uses = workflow::to_string(reference);
  LoadedAction action{.repository = reference.repository, .ref = reference.ref};
  action.folder = repository.inside;
  if (!reference.path.empty()) action.folder += "/" + reference.path;
  TRY(const auto root, base::open_directory(repository.source.folder));
  // A symlink that leads out of the repository is no folder of the action's.
  const auto folder = base::open_beneath(root.get(), reference.path.empty() ? "." : reference.path,
                                         O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder) {
    TRY(auto metadata, read_metadata(folder->get(), uses));
    if (metadata) {
      action.metadata = std::move(*metadata);
      return action;
    }
  }
  return base::make_error(
      base::ErrorKind::not_found,
      fmt::format("Can't find 'action.yml', 'action.yaml' or 'Dockerfile' for action '{}'.", uses));
}

base::Result<JobRepository> give_repository_to_job(const workflow::RepositoryReference& reference,
                                                   ActionRepository source, const RunningJob& job) {
  const std::string name = reference.repository + "/" + reference.ref;
  TRY(const auto actions, base::open_directory(job.folders.actions.host));
  TRY(const auto target, make_folder_for_steps(actions.get(), name, job.services->host_uid));
  if (source.files.empty()) {
    TRY(const auto files, list_tree(source.folder, [](const std::string& path) { return path != ".git"; }));
    TRY(copy_files_for_steps(source.folder, files, target.get(), job.services->host_uid));
  } else {
    TRY(copy_files_for_steps(source.folder, source.files, target.get(), job.services->host_uid));
  }
  return JobRepository{std::move(source), job.folders.actions.inside + "/" + name};
}

BuiltinAction builtin_of_job(const std::string& uses, const RunningJob& job) {
  const auto builtin = builtin_for(uses, job.services->no_builtin);
  if (builtin == nullptr || !job.services->is_replaced) return builtin;
  const auto reference = workflow::parse_repository_reference(uses);
  return reference && job.services->is_replaced(*reference) ? nullptr : builtin;
}

bool is_local_action(std::string_view uses) {
  return uses.starts_with("./") || uses == "." || uses.starts_with("../");
}

}  // namespace steps
