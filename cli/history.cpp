#include "cli/history.h"

#include <fmt/format.h>

#include "base/json.h"
#include "runner/run_owner.h"

namespace cli {

base::Result<std::unique_ptr<runner::RunStore>> open_history(const CommonFlags& common) {
  const auto file = base::Path(common.state_folder) / "history.db";
  if (!base::exists(file))
    return base::make_error(base::ErrorKind::not_found,
                            fmt::format("nothing has run yet: {} does not exist", file.string()));
  return runner::open_sqlite_run_store(file);
}

base::Result<runner::RunRecord> find_run(runner::RunStore& store, std::int64_t id) {
  if (id > 0) return store.find(id);
  TRY(auto runs, store.list(1));
  if (runs.empty()) return base::make_error(base::ErrorKind::not_found, "nothing has run yet");
  return std::move(runs.front());
}

base::Result<runner::RunRecord> find_running(const CommonFlags& common, runner::RunStore& store,
                                             std::int64_t id) {
  if (id > 0) {
    TRY(auto run, store.find(id));
    if (runner::is_running(common.state_folder, id)) return run;
    return base::make_error(base::ErrorKind::not_found,
                            fmt::format("run {} is not running: {}", id, status_of(common, run)));
  }
  TRY(auto runs, store.list(-1));
  for (auto& run : runs) {
    if (run.conclusion.empty() && runner::is_running(common.state_folder, run.id)) return std::move(run);
  }
  return base::make_error(base::ErrorKind::not_found, "no run is running");
}

std::string status_of(const CommonFlags& common, const runner::RunRecord& run) {
  if (!run.conclusion.empty()) return run.conclusion;
  return runner::is_running(common.state_folder, run.id) ? "running" : "killed";
}

base::Json to_json(const CommonFlags& common, const runner::RunRecord& run) {
  return {{"id", run.id},
          {"number", run.number},
          {"attempt", run.attempt},
          {"workflow", run.workflow},
          {"name", run.name},
          {"event", run.event},
          {"ref", run.ref},
          {"sha", run.sha},
          {"actor", run.actor},
          {"repository", run.repository},
          {"sandbox", run.sandbox},
          {"started", run.started},
          {"finished", run.finished},
          {"status", status_of(common, run)},
          {"conclusion", run.conclusion}};
}

}  // namespace cli
