#include "runner/collect_garbage.h"

#include <sys/stat.h>

#include <algorithm>

#include "runner/approvals.h"
#include "runner/run_owner.h"
#include "steps/artifacts.h"

namespace runner {

namespace {

// What the folder takes on disk; a file with several names counts once, by parts.
std::uint64_t bytes_below(const base::Path& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    struct stat status {};
    if (::lstat(entry->path().c_str(), &status) == 0)
      bytes += static_cast<std::uint64_t>(status.st_blocks) * 512 /
               std::max<nlink_t>(S_ISDIR(status.st_mode) ? 1 : status.st_nlink, 1);
  }
  return bytes;
}

base::Result<void> remove_run(const base::Path& state_folder, RunStore& store, std::int64_t id) {
  TRY(base::remove_tree(run_folder(state_folder, id)));
  TRY(store.forget(id));
  TRY(auto approvals, Approvals::open(state_folder));
  return approvals.forget(id);
}

base::Result<void> collect_artifacts(std::int64_t run, const GarbageOptions& options, Garbage& garbage) {
  if (options.results == nullptr) return {};
  for (const auto& artifact : steps::list_artifacts(*options.results, run)) {
    ++garbage.artifacts;
    garbage.artifact_bytes += artifact.blob.size;
  }
  if (options.only_look) return {};
  return steps::remove_artifacts_of_run(*options.results, run);
}

// Of runs that nobody knows any more.
base::Result<void> collect_left_artifacts(const std::vector<std::int64_t>& ids,
                                          const std::vector<RunRecord>& runs, const GarbageOptions& options,
                                          Garbage& garbage) {
  for (const auto id : ids) {
    const bool known = std::any_of(runs.begin(), runs.end(), [&](const auto& run) { return run.id == id; });
    if (!known) TRY(collect_artifacts(id, options, garbage));
  }
  return {};
}

std::vector<std::string> names_below(const base::Path& folder) {
  return base::list_directory(folder).value_or(std::vector<std::string>());
}

// actions/OWNER/REPOSITORY/COMMIT: fetched again when somebody needs it.
base::Result<void> collect_actions(const base::Path& folder, const GarbageOptions& options,
                                   Garbage& garbage) {
  for (const auto& owner : names_below(folder)) {
    for (const auto& repository : names_below(folder / owner)) {
      for (const auto& commit : names_below(folder / owner / repository)) {
        const auto path = folder / owner / repository / commit;
        struct stat status {};
        if (::lstat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
            static_cast<double>(status.st_mtime) >= options.older_than)
          continue;
        garbage.action_bytes += bytes_below(path);
        ++garbage.actions;
        if (!options.only_look) TRY(base::remove_tree(path));
      }
    }
  }
  return {};
}

}  // namespace

base::Result<Garbage> collect_garbage(const base::Path& state_folder, RunStore& store,
                                      const GarbageOptions& options) {
  Garbage garbage;
  // Before the runs: of one that begins just now nothing is taken for left over.
  std::vector<std::int64_t> with_artifacts;
  if (options.results != nullptr) with_artifacts = steps::runs_with_artifacts(*options.results);
  TRY(const auto runs, store.list(-1));
  const bool anything_runs = std::any_of(
      runs.begin(), runs.end(), [&](const RunRecord& run) { return is_running(state_folder, run.id); });
  if (!anything_runs) TRY(collect_actions(state_folder / "actions", options, garbage));
  TRY(collect_left_artifacts(with_artifacts, runs, options, garbage));
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto& run = runs[i];
    if (i < options.most_runs && run.started >= options.older_than) continue;
    if (is_running(state_folder, run.id)) {
      ++garbage.running;
      continue;
    }
    const auto bytes = bytes_below(run_folder(state_folder, run.id));
    TRY(collect_artifacts(run.id, options, garbage));
    if (!options.only_look) TRY(remove_run(state_folder, store, run.id));
    garbage.runs.push_back({run.id, bytes});
    garbage.bytes += bytes;
  }
  return garbage;
}

}  // namespace runner
