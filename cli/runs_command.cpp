#include <fmt/format.h>

#include <cstdio>

#include "base/clock.h"
#include "base/json.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/history.h"

namespace cli {

int runs_command(const CommonFlags& common, const RunsFlags& flags) {
  if (!base::exists(base::Path(common.state_folder) / "history.db")) {
    fmt::print("{}", flags.json ? "[]\n" : "no runs yet\n");
    return kPassed;
  }
  auto store = open_history(common);
  if (!store) return complain(store.error());
  const auto runs = (*store)->list(flags.limit);
  if (!runs) return complain(runs.error());
  if (flags.json) {
    base::Json json = base::Json::array();
    for (const auto& run : *runs) json.push_back(to_json(common, run));
    fmt::print("{}\n", base::to_text(json, 2));
    return kPassed;
  }
  for (const auto& run : *runs) {
    const double seconds = run.finished > 0 ? run.finished - run.started : 0;
    const auto attempt = run.attempt > 1 ? fmt::format("#{}", run.attempt) : std::string();
    fmt::print("{:>5}{:<4} {:<10} {:<28} {:<14} {:.7}  {:>8}  {}\n", run.id, attempt, status_of(common, run),
               run.name, run.event, run.sha,
               base::format_duration_ms(static_cast<std::int64_t>(seconds * 1000)),
               base::format_iso8601(base::from_epoch_seconds(run.started)));
  }
  return kPassed;
}

}  // namespace cli
