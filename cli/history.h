#pragma once
// What the verbs about past and running runs have in common: the history, and a run by its id.

#include <memory>
#include <string>

#include "base/json_fwd.h"
#include "base/result.h"
#include "cli/command_line.h"
#include "runner/run_store.h"

namespace cli {

/// Of the state folder; not_found when nothing has ever run there.
base::Result<std::unique_ptr<runner::RunStore>> open_history(const CommonFlags& common);

/// The run of that id, or for 0 the newest.
base::Result<runner::RunRecord> find_run(runner::RunStore& store, std::int64_t id);
/// The run of that id, or for 0 the newest that runs.
base::Result<runner::RunRecord> find_running(const CommonFlags& common, runner::RunStore& store,
                                             std::int64_t id);

/// Its conclusion; `running`, or `killed` when its process is gone.
std::string status_of(const CommonFlags& common, const runner::RunRecord& run);
base::Json to_json(const CommonFlags& common, const runner::RunRecord& run);

}  // namespace cli
