#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/history.h"
#include "cli/interrupts.h"
#include "runner/run_log.h"
#include "runner/run_owner.h"
#include "runner/terminal_log.h"

namespace cli {

namespace {

// How soon somebody who follows sees what was written; a reader of a file is not told.
constexpr std::chrono::milliseconds kFollowEvery{50};

/// Prints events one by one: as they are in the file, or as the run itself showed them.
class LogPrinter {
 public:
  explicit LogPrinter(const LogsFlags& flags)
      : flags_(flags),
        terminal_({.color = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr
                                ? runner::Color::always
                                : runner::Color::never}) {}

  void print(const runner::LogEntry& entry) {
    // Who asks for a line wants lines: not the summary of the whole at the end.
    const bool lines_only = flags_.line > 0 || flags_.count > 0 || flags_.step >= 0;
    if (lines_only && !flags_.json && entry.line == 0 && entry.event.type != "step_started") return;
    if (flags_.json) {
      fmt::print("{}\n", runner::to_json_line(entry.event));
    } else {
      terminal_(entry.event);
    }
    if (entry.line > 0) ++lines_;
  }
  [[nodiscard]] bool has_enough() const { return flags_.count > 0 && lines_ >= flags_.count; }

 private:
  const LogsFlags& flags_;
  runner::TerminalLog terminal_;
  std::uint64_t lines_ = 0;
};

base::Result<void> print_log(const CommonFlags& common, const LogsFlags& flags, std::int64_t run) {
  TRY(auto cursor,
      runner::LogCursor::open(runner::run_folder(common.state_folder, run),
                              {.attempt = flags.attempt, .job = flags.job, .step = flags.step}, flags.line));
  LogPrinter printer(flags);
  bool anything = false;
  while (!printer.has_enough() && !cursor.is_over() && !interrupted()) {
    // Asked before reading: what is written until its end is read once more after it.
    const bool goes_on = flags.follow && runner::is_running(common.state_folder, run);
    while (!printer.has_enough()) {
      TRY(const auto entry, cursor.next());
      if (!entry) break;
      anything = true;
      printer.print(*entry);
    }
    std::fflush(stdout);
    if (!goes_on) break;
    std::this_thread::sleep_for(kFollowEvery);
  }
  if (cursor.is_damaged())
    base::log(base::LogLevel::warning,
              fmt::format("the log of run {} is damaged: what can be read of it is shown", run));
  if (!anything && (!flags.job.empty() || flags.step >= 0 || flags.line > 1)) {
    return base::make_error(
        base::ErrorKind::not_found,
        fmt::format(
            "the log of run {} (attempt {}) has nothing of that job, step or line; `pipeline show {}` "
            "lists its jobs",
            run, cursor.attempt(), run));
  }
  return {};
}

}  // namespace

int logs_command(const CommonFlags& common, const LogsFlags& flags) {
  auto store = open_history(common);
  if (!store) return complain(store.error());
  const auto run = find_run(**store, flags.run);
  if (!run) return complain(run.error());
  if (flags.follow) watch_for_interrupts();
  if (auto printed = print_log(common, flags, run->id); !printed) return complain(printed.error());
  return kPassed;
}

}  // namespace cli
