#include <fmt/format.h>

#include <cstdio>

#include "base/clock.h"
#include "base/json.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "runner/run_store.h"

namespace cli {

namespace {

std::string conclusion_of(const runner::RunRecord& run) {
  return run.conclusion.empty() ? "running or killed" : run.conclusion;
}

base::Json to_json(const runner::RunRecord& run) {
  return {{"id", run.id},
          {"number", run.number},
          {"workflow", run.workflow},
          {"name", run.name},
          {"event", run.event},
          {"ref", run.ref},
          {"sha", run.sha},
          {"actor", run.actor},
          {"started", run.started},
          {"finished", run.finished},
          {"conclusion", run.conclusion}};
}

}  // namespace

int runs_command(const CommonFlags& common, const RunsFlags& flags) {
  const auto file = base::Path(common.state_folder) / "history.db";
  if (!base::exists(file)) {
    fmt::print("{}", flags.json ? "[]\n" : "no runs yet\n");
    return kPassed;
  }
  auto store = runner::open_sqlite_run_store(file);
  if (!store) {
    fmt::print(stderr, "pipeline: {}\n", store.error().to_string());
    return kRunnerFailed;
  }
  const auto runs = (*store)->list(flags.limit);
  if (!runs) {
    fmt::print(stderr, "pipeline: {}\n", runs.error().to_string());
    return kRunnerFailed;
  }
  if (flags.json) {
    base::Json json = base::Json::array();
    for (const auto& run : *runs) json.push_back(to_json(run));
    fmt::print("{}\n", base::to_text(json, 2));
    return kPassed;
  }
  for (const auto& run : *runs) {
    const double seconds = run.finished > 0 ? run.finished - run.started : 0;
    fmt::print("{:>5}  {:<18} {:<28} {:<14} {:.7}  {:>8}  {}\n", run.id, conclusion_of(run), run.name,
               run.event, run.sha, base::format_duration_ms(static_cast<std::int64_t>(seconds * 1000)),
               base::format_iso8601(base::from_epoch_seconds(run.started)));
  }
  return kPassed;
}

}  // namespace cli
