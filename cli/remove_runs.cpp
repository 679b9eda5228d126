#include "cli/remove_runs.h"

#include "cli/history.h"
#include "steps/blob_store.h"

namespace cli {

base::Result<runner::Garbage> find_and_remove_runs(const CommonFlags& common,
                                                   runner::GarbageOptions options) {
  TRY(const auto store, open_history(common));
  std::shared_ptr<steps::BlobStore> results;
  const auto folder = base::Path(common.state_folder) / "results";
  if (base::exists(folder)) {
    TRY(results, steps::BlobStore::open(folder));
  }
  options.results = results.get();
  return runner::collect_garbage(common.state_folder, *store, options);
}

base::Result<void> remove_runs(const CommonFlags& common, const runner::GarbageOptions& options) {
  if (!base::exists(base::Path(common.state_folder) / "history.db")) return {};
  TRY(find_and_remove_runs(common, options));
  return {};
}

}  // namespace cli
