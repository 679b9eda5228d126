#include "runner/action_store.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <thread>

#include "base/git.h"
#include "base/log.h"
#include "base/strings.h"
#include "ecr/layer.h"
#include "runner/git_access.h"
#include "runner/known_references.h"

namespace runner {

using workflow::RepositoryReference;

namespace {

constexpr std::string_view kUnfinished = ".new-";
constexpr const char* kRepositoryLock = "lock";
constexpr ecr::UnpackLimits kArchiveLimits{.bytes = 4ULL << 30, .entries = 500'000};

std::string name_of(const RepositoryReference& reference) {
  return reference.repository + "@" + reference.ref;
}

base::Error unresolved(const RepositoryReference& reference) {
  if (workflow::is_short_commit(reference.ref)) {
    return base::make_error(
        base::ErrorKind::not_found,
        fmt::format(
            "Unable to resolve action `{}`, the provided ref `{}` is the shortened version of a commit "
            "SHA, which is not supported. Please use the full commit SHA instead.",
            name_of(reference), reference.ref));
  }
  return base::make_error(base::ErrorKind::not_found,
                          fmt::format("Unable to resolve action `{}`, unable to find version `{}`",
                                      name_of(reference), reference.ref));
}

base::Error explained(base::Error error, const RepositoryReference& reference, const std::string& server) {
  if (error.kind == base::ErrorKind::not_found) {
    return base::make_error(
        base::ErrorKind::not_found,
        fmt::format("Unable to resolve action `{}`, repository not found at {}", name_of(reference), server));
  }
  if (error.kind == base::ErrorKind::denied) {
    return base::make_error(
        base::ErrorKind::denied,
        fmt::format(
            "Unable to resolve action `{}`: {} refuses access ({}). Is it private, or misspelt? Give a "
            "token that may read it with --secret GITHUB_TOKEN, or log in with git",
            name_of(reference), server, error.message));
  }
  return std::move(error).while_doing(fmt::format("resolving the action `{}`", name_of(reference)));
}

// As git itself looks a name up: tags before branches (gitrevisions).
std::vector<std::string> candidates_of(const std::string& ref) {
  if (ref.starts_with("refs/")) return {ref};
  return {"refs/tags/" + ref, "refs/heads/" + ref};
}

// Waits for other processes, but not longer than the job lives.
base::Result<base::FileLock> lock_patiently(const base::Path& file, const std::stop_token& stop) {
  while (true) {
    TRY(auto lock, base::FileLock::try_acquire(file));
    if (lock) return std::move(*lock);
    if (stop.stop_requested()) return base::make_error(base::ErrorKind::cancelled, "cancelled");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

// An archive as GitHub makes them: one folder with all in it.
base::Result<void> unpack_archive(const base::Path& archive, const base::Path& scratch,
                                  const base::Path& folder) {
  const base::Fd tar(::open(archive.c_str(), O_RDONLY | O_CLOEXEC));
  if (!tar) return base::system_error("opening " + archive.string(), errno);
  TRY(base::make_directories(scratch, 0700));
  TRY(ecr::unpack_tar(tar.get(), scratch, {.whiteouts = ecr::WhiteoutForm::apply, .limits = kArchiveLimits}));
  TRY(const auto names, base::list_directory(scratch));
  if (names.size() != 1 || !base::is_directory(scratch / names[0])) {
    return base::invalid_input(
        fmt::format("expected one folder in {}, found {} entries", archive.string(), names.size()));
  }
  TRY(base::remove_tree(folder));
  if (std::rename((scratch / names[0]).c_str(), folder.c_str()) != 0)
    return base::system_error("moving what " + archive.string() + " holds", errno);
  return {};
}

/// ARCHIVES/OWNER_REPO/COMMIT/ with one folder in it, as an archive of GitHub's has when it is unpacked.
/// Nothing when there is none; one of another shape is passed over, as by the runner.
std::optional<base::Path> unpacked_archive(const base::Path& archives, const RepositoryReference& reference,
                                           const std::string& commit) {
  const auto folder = archives / base::replace_all(reference.repository, "/", "_") / commit;
  if (!base::is_directory(folder)) return std::nullopt;
  std::vector<base::Path> found;
  for (const auto& name : base::list_directory(folder).value_or(std::vector<std::string>())) {
    if (base::is_directory(folder / name)) found.push_back(folder / name);
  }
  if (found.size() == 1) return found[0];
  base::log(base::LogLevel::warning, fmt::format("expected one folder in {}, found {}: it is not used",
                                                 folder.string(), found.size()));
  return std::nullopt;
}

}  // namespace

// GitHub's names of owners and repositories know no case.
std::string action_key(const RepositoryReference& reference) {
  return base::to_lower(reference.repository) + "@" + reference.ref;
}

std::string path_in_repository(const std::string& path, const base::Path& work_tree) {
  std::error_code error;
  const auto absolute = std::filesystem::weakly_canonical(std::filesystem::absolute(path), error);
  const auto relative =
      absolute.lexically_relative(std::filesystem::weakly_canonical(work_tree, error)).string();
  return relative.empty() || relative.starts_with("..") ? path : relative;
}

ActionStore::ActionStore(ActionStoreOptions options) : options_(std::move(options)) {
  while (options_.server.ends_with('/')) options_.server.pop_back();
}

// A token is for one server alone.
ActionStoreOptions ActionStore::options_for(const RepositoryReference& reference) const {
  auto options = options_;
  const auto elsewhere = options_.servers.find(action_key(reference));
  if (elsewhere != options_.servers.end()) options.server = elsewhere->second;
  const auto& trusted = options_.token_server.empty() ? options_.server : options_.token_server;
  if (options.server != trusted) options.token.clear();
  return options;
}

ActionStore::Entry& ActionStore::entry_of(const std::string& key) {
  const std::lock_guard lock(mutex_);
  auto& entry = entries_[key];
  if (!entry) entry = std::make_unique<Entry>();
  return *entry;
}

const ActionReplacement* ActionStore::replacement_of(const RepositoryReference& reference) const {
  const auto found =
      std::find_if(options_.replacements.begin(), options_.replacements.end(), [&](const auto& replacement) {
        return base::equals_ignoring_case(replacement.repository, reference.repository) &&
               (!replacement.ref || *replacement.ref == reference.ref);
      });
  return found == options_.replacements.end() ? nullptr : &*found;
}

bool ActionStore::is_replaced(const RepositoryReference& reference) const {
  return replacement_of(reference) != nullptr;
}

bool ActionStore::is_locked(const std::string& workflow) const {
  return options_.lock && options_.lock->workflows.contains(workflow);
}

base::Path ActionStore::folder_of(const std::string& repository) const {
  return options_.folder / base::to_lower(repository);
}

base::Result<steps::ActionRepository> ActionStore::find(const RepositoryReference& reference,
                                                        const std::string& workflow,
                                                        const steps::ActionFetch& fetch) {
  if (const auto* replacement = replacement_of(reference)) {
    steps::ActionRepository repository{.folder = replacement->folder};
    if (replacement->tracked_files_only) {
      // Without git all files are its own.
      if (auto files = base::list_work_tree_files(repository.folder)) repository.files = std::move(*files);
    } else if (fetch.say) {
      fetch.say(fmt::format("Using {} for '{}'", replacement->folder.string(), name_of(reference)));
    }
    return repository;
  }
  std::string locked;
  if (options_.lock) {
    TRY(locked, workflow::locked_commit(*options_.lock, workflow, reference));
  }
  Entry& entry = entry_of(action_key(reference) + (locked.empty() ? "" : " " + locked));
  const std::lock_guard one_at_a_time(entry.mutex);
  if (!entry.resolved) {
    if (locked.empty()) {
      TRY(entry.resolved, resolve(reference, fetch));
    } else {
      entry.resolved = ResolvedReference{locked, reference.ref};
    }
  }
  if (entry.folder.empty()) {
    TRY(entry.folder, provide(reference, *entry.resolved, fetch));
  }
  return steps::ActionRepository{.folder = entry.folder, .files = {}, .commit = entry.resolved->commit};
}

std::optional<ResolvedReference> ActionStore::resolved(const RepositoryReference& reference) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.lower_bound(action_key(reference));
  if (found == entries_.end() || found->first.substr(0, found->first.find(' ')) != action_key(reference))
    return std::nullopt;
  const std::lock_guard settled(found->second->mutex);
  return found->second->resolved;
}

base::Result<ResolvedReference> ActionStore::resolve(const RepositoryReference& reference,
                                                     const steps::ActionFetch& fetch) {
  if (workflow::is_full_commit(reference.ref))
    return ResolvedReference{base::to_lower(reference.ref), reference.ref};
  const auto folder = folder_of(reference.repository);
  const auto server = options_for(reference).server;
  if (options_.offline) {
    const auto known = known_reference(folder, server, reference.ref);
    if (known) return *known;
    return base::make_error(
        base::ErrorKind::not_found,
        fmt::format("the action `{}` is not in the cache ({}), and the run is offline: run it once without "
                    "--offline, or give a folder with --replace {}=./folder",
                    name_of(reference), folder.string(), reference.repository));
  }
  TRY(auto resolved, resolve_online(reference, fetch));
  TRY(remember_reference(folder, server, reference.ref, resolved));
  return resolved;
}

base::Result<ResolvedReference> ActionStore::resolve_online(const RepositoryReference& reference,
                                                            const steps::ActionFetch& fetch) {
  const auto candidates = candidates_of(reference.ref);
  const auto options = options_for(reference);
  std::vector<base::git::AdvertisedReference> advertised;
  auto asked = ask_git_server(options, reference.repository, fetch,
                              [&](const base::GitServer& server) -> base::Result<void> {
                                TRY(advertised, base::list_references(server, candidates));
                                return {};
                              });
  if (!asked) return explained(std::move(asked).error(), reference, options.server);
  for (const auto& name : candidates) {
    for (const auto& one : advertised) {
      if (one.name == name) return ResolvedReference{one.commit, one.name};
    }
  }
  return unresolved(reference);
}

base::Result<base::Path> ActionStore::provide(const RepositoryReference& reference,
                                              const ResolvedReference& resolved,
                                              const steps::ActionFetch& fetch) {
  if (options_.archives_unpacked && !options_.archives.empty()) {
    if (auto unpacked = unpacked_archive(options_.archives, reference, resolved.commit)) return *unpacked;
  }
  const auto repository = folder_of(reference.repository);
  const auto kept = repository / resolved.commit;
  if (base::is_directory(kept)) return kept;
  if (options_.offline) {
    return base::make_error(
        base::ErrorKind::not_found,
        fmt::format(
            "the action `{}` (commit {}) is not in the cache ({}), and the run is offline: run it once "
            "without --offline",
            name_of(reference), resolved.commit, repository.string()));
  }
  TRY(base::make_directories(repository, 0700));
  TRY(const auto alone, lock_patiently(repository / kRepositoryLock, fetch.stop));
  if (base::is_directory(kept)) return kept;
  // Only who holds the lock makes them: these were left by one that was killed.
  TRY(const auto names, base::list_directory(repository));
  for (const auto& name : names) {
    if (name.starts_with(kUnfinished)) TRY(base::remove_tree(repository / name));
  }
  TRY(const auto scratch, base::TempDir::create_in(repository, kUnfinished));
  const auto files = scratch.path() / "files";
  TRY(download(reference, resolved.commit, files, fetch));
  if (std::rename(files.c_str(), kept.c_str()) != 0)
    return base::system_error("moving the action to " + kept.string(), errno);
  return kept;
}

base::Result<void> ActionStore::download(const RepositoryReference& reference, const std::string& commit,
                                         const base::Path& folder, const steps::ActionFetch& fetch) {
  if (!options_.archives.empty()) {
    const auto archive =
        options_.archives / base::replace_all(reference.repository, "/", "_") / (commit + ".tar.gz");
    if (base::exists(archive)) {
      auto unpacked = unpack_archive(archive, folder.parent_path() / "archive", folder);
      if (unpacked) return {};
      base::log(base::LogLevel::warning, unpacked.error().to_string());
    }
  }
  const auto options = options_for(reference);
  auto asked = ask_git_server(
      options, reference.repository, fetch, [&](const base::GitServer& server) -> base::Result<void> {
        TRY(base::remove_tree(folder));
        TRY(base::make_directories(folder));
        TRY(const auto written, base::fetch_files(server, commit, folder));
        if (written == commit) return {};
        return base::invalid_input(fmt::format("the action `{}` names {}, which is no commit but a tag of {}",
                                               name_of(reference), commit, written));
      });
  if (asked) return {};
  // A commit that is not there is an answer about the commit, unless a status says it is about the
  // repository.
  if (asked.error().kind == base::ErrorKind::not_found && asked.error().code.empty() &&
      asked.error().message.find("no git repository") == std::string::npos)
    return unresolved(reference);
  return explained(std::move(asked).error(), reference, options.server);
}

}  // namespace runner
