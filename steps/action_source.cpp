#include "steps/action_source.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <array>

#include "base/strings.h"
#include "steps/builtin_actions.h"
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

/// Reads action.yml or action.yaml of an open folder; `shown` is the folder's name in messages.
base::Result<workflow::ActionMetadata> read_metadata(int folder, const std::string& shown) {
  for (const char* name : {"action.yml", "action.yaml"}) {
    auto text = read_regular_file(folder, name, kMaximumMetadata);
    if (!text && text.error().kind == base::ErrorKind::not_found) continue;
    if (!text) return std::move(text).error().while_doing(fmt::format("reading {}/{}", shown, name));
    TRY(auto metadata, workflow::load_action(shown + "/" + name, *text));
    return metadata;
  }
  for (const char* name : {"Dockerfile", "dockerfile"}) {
    if (!base::open_beneath(folder, name, O_PATH | O_CLOEXEC)) continue;
    workflow::ActionMetadata metadata;
    metadata.file = shown + "/" + name;
    metadata.kind = workflow::ActionKind::docker;
    metadata.image = name;
    return metadata;
  }
  return no_action_in(shown);
}

base::Result<LoadedAction> load_local(const std::string& uses, RunningJob& job) {
  LoadedAction action;
  action.folder = base::Path(job.folders.workspace.inside + "/" + uses).lexically_normal().string();
  while (action.folder.size() > 1 && action.folder.ends_with('/')) action.folder.pop_back();
  TRY(auto location, to_host(job.folders, action.folder));
  TRY(auto root, base::open_directory(location.folder));
  auto folder = base::open_beneath(root.get(), location.relative, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (!folder) {
    return no_action_in(action.folder);
  }
  TRY(action.metadata, read_metadata(folder->get(), action.folder));
  return action;
}

/// The folder as the steps see it; one that lies elsewhere on the host is copied into the job's actions.
base::Result<std::string> bring_inside(const base::Path& host, const std::string& uses, RunningJob& job) {
  const base::Path relative = host.lexically_relative(job.folders.actions.host);
  if (!relative.empty() && *relative.begin() != "..")
    return job.folders.actions.inside + "/" + relative.string();
  const std::string name = base::replace_all(base::replace_all(uses, "/", "_"), "..", "__");
  TRY(auto actions, base::open_directory(job.folders.actions.host));
  TRY(auto target, make_folder_for_steps(actions.get(), name, job.services->host_uid));
  TRY(auto files, list_tree(host, [](const std::string& path) { return path != ".git"; }));
  TRY(copy_files_for_steps(host, files, target.get(), job.services->host_uid));
  return job.folders.actions.inside + "/" + name;
}

base::Result<LoadedAction> load_remote(const std::string& uses, RunningJob& job) {
  const std::size_t at = uses.rfind('@');
  const std::vector<std::string> parts = base::split(uses.substr(0, at), '/');
  if (at == std::string::npos || at + 1 == uses.size() || parts.size() < 2 || parts[0].empty() ||
      parts[1].empty()) {
    return base::make_error(
        base::ErrorKind::invalid_input,
        fmt::format("'{}' names no action: expected {{owner}}/{{repository}}[/path]@{{ref}}, or ./path "
                    "for one in the workspace",
                    uses));
  }
  if (!job.services->fetch_action) {
    return base::make_error(
        base::ErrorKind::not_found,
        fmt::format("'{}' is not built in and actions cannot be fetched here. Built in are: {}", uses,
                    base::join(builtin_action_names(), ", ")));
  }
  TRY(const base::Path host, job.services->fetch_action(uses));
  TRY(auto folder, base::open_directory(host));
  LoadedAction action;
  action.repository = parts[0] + "/" + parts[1];
  action.ref = uses.substr(at + 1);
  TRY(action.metadata, read_metadata(folder.get(), uses));
  TRY(action.folder, bring_inside(host, uses, job));
  return action;
}

}  // namespace

base::Result<LoadedAction> load_action_source(const std::string& uses, RunningJob& job) {
  if (uses.starts_with("./") || uses == "." || uses.starts_with("../")) return load_local(uses, job);
  if (uses.starts_with("$/")) return load_local("./" + uses.substr(2), job);
  return load_remote(uses, job);
}

}  // namespace steps
