#include <fmt/format.h>
#include <signal.h>

#include <cstdio>

#include "cli/commands.h"
#include "cli/history.h"
#include "runner/run_owner.h"

namespace cli {

// What Ctrl-C at its terminal does: the runner ends its jobs in order, and at the second signal at once.
int cancel_command(const CommonFlags& common, const CancelFlags& flags) {
  auto store = open_history(common);
  if (!store) return complain(store.error());
  const auto run = find_running(common, **store, flags.run);
  if (!run) return complain(run.error());
  const auto pid = runner::signal_owner(common.state_folder, run->id, flags.force ? SIGKILL : SIGINT);
  if (!pid) return complain(pid.error());
  if (flags.force) {
    fmt::print("run {}: ended its runner (process {})\n", run->id, *pid);
  } else {
    fmt::print(
        "run {}: asked its runner (process {}) to cancel it; a second time, or --force, ends it at once\n",
        run->id, *pid);
  }
  return kPassed;
}

}  // namespace cli
