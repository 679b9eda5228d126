#pragma once
// Repositories of actions and of called workflows: found on a server or in folders of the user's, kept by
// commit below the state folder, `actions/OWNER/REPO/COMMIT/`. Safe for several jobs and processes at once; a
// download that is killed leaves nothing that counts. Not for what is in them (steps/action_source).

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/git_remote.h"
#include "base/http_client.h"
#include "base/result.h"
#include "steps/running_job.h"
#include "workflow/actions_lock.h"
#include "workflow/repository_reference.h"

namespace runner {

/// A folder that stands for a repository.
struct ActionReplacement {
  std::string repository;          ///< owner/name
  std::optional<std::string> ref;  ///< nothing: every ref
  base::Path folder;
  bool tracked_files_only = false;  ///< what git tracks or does not ignore; else all
};

struct GitLogin {
  std::string user;
  std::string password;
};

struct ActionStoreOptions {
  base::Path folder;  ///< of the state: `actions`
  std::string server = "https://github.com";
  std::string token;         ///< GITHUB_TOKEN; tried first when there is one, then nobody in particular
  std::string token_server;  ///< whose the token is; empty: `server`
  std::map<std::string, std::string> servers;  ///< of repositories that are elsewhere, by action_key
  /// Asked for a login when the server wants one; absent or nothing: there is none.
  std::function<std::optional<GitLogin>(const std::string& server)> find_login;
  bool offline = false;
  std::vector<ActionReplacement> replacements;
  std::optional<workflow::ActionsLock> lock;  ///< of the repository of the workflows
  base::Path archives;                        ///< of ACTIONS_RUNNER_ACTION_ARCHIVE_CACHE; empty: none
  bool archives_unpacked = false;  ///< folders of it are used as they are, too (…_SYMLINK_CACHED_ACTIONS)
  /// Between attempts: random between the two.
  std::chrono::milliseconds shortest_pause{10'000};
  std::chrono::milliseconds longest_pause{30'000};
  base::HttpClient* http = nullptr;
};

/// `owner/name@ref`, equal for what names the same.
std::string action_key(const workflow::RepositoryReference& reference);

/// A ref of a repository as the server, or the lock, says what it is.
struct ResolvedReference {
  std::string commit;
  std::string full_name;  ///< refs/tags/v1, refs/heads/main; of a commit the ref itself
};

/// A workflow's path as its repository knows it.
std::string path_in_repository(const std::string& path, const base::Path& work_tree);

class ActionStore {
 public:
  explicit ActionStore(ActionStoreOptions options);

  /// The files of the repository at its ref, whatever the reference's path. Each ref is resolved once as long
  /// as this lives. An Error says what GitHub says when there is no such repository or version.
  /// `workflow` is what uses it, as a path in its repository: what a lock says of it counts.
  base::Result<steps::ActionRepository> find(const workflow::RepositoryReference& reference,
                                             const std::string& workflow, const steps::ActionFetch& fetch);
  /// What find() found out about the ref before; nothing when it was not asked.
  [[nodiscard]] std::optional<ResolvedReference> resolved(
      const workflow::RepositoryReference& reference) const;
  /// Whether a folder of the user's stands for it.
  [[nodiscard]] bool is_replaced(const workflow::RepositoryReference& reference) const;
  /// Whether a lock says which commits the workflow may use.
  [[nodiscard]] bool is_locked(const std::string& workflow) const;

 private:
  /// One repository at one ref; its mutex makes others wait for the first who asks.
  struct Entry {
    std::mutex mutex;
    std::optional<ResolvedReference> resolved;
    base::Path folder;
  };

  Entry& entry_of(const std::string& key);
  [[nodiscard]] ActionStoreOptions options_for(const workflow::RepositoryReference& reference) const;
  [[nodiscard]] const ActionReplacement* replacement_of(const workflow::RepositoryReference& reference) const;
  [[nodiscard]] base::Path folder_of(const std::string& repository) const;
  base::Result<ResolvedReference> resolve(const workflow::RepositoryReference& reference,
                                          const steps::ActionFetch& fetch);
  base::Result<ResolvedReference> resolve_online(const workflow::RepositoryReference& reference,
                                                 const steps::ActionFetch& fetch);
  base::Result<base::Path> provide(const workflow::RepositoryReference& reference,
                                   const ResolvedReference& resolved, const steps::ActionFetch& fetch);
  base::Result<void> download(const workflow::RepositoryReference& reference, const std::string& commit,
                              const base::Path& folder, const steps::ActionFetch& fetch);

  ActionStoreOptions options_;
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Entry>> entries_;
};

}  // namespace runner
