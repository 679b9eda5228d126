#include "cli/run_display.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "runner/terminal_log.h"

namespace cli {

runner::EventStream::Reader make_display(const RunFlags& flags, const workflow::Plan& plan, bool debug) {
  if (flags.log_format == LogFormat::json) {
    return [](const runner::RunEvent& event) {
      for (const auto& one : runner::line_by_line(event)) {
        const auto line = runner::to_json_line(one) + "\n";
        std::fwrite(line.data(), 1, line.size(), stdout);
      }
      std::fflush(stdout);
    };
  }
  std::size_t width = 0;
  for (const auto& group : plan.groups) {
    width = std::max(width, group.job->id.size());
    for (const auto& leg : group.legs) width = std::max(width, leg.key.size());
  }
  const bool color = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  const auto terminal = std::make_shared<runner::TerminalLog>(
      runner::TerminalOptions{.color = color ? runner::Color::always : runner::Color::never,
                              .timestamps = flags.log_format == LogFormat::plain,
                              .debug = debug,
                              .job_width = std::min<std::size_t>(width, 30)});
  return [terminal](const runner::RunEvent& event) { (*terminal)(event); };
}

}  // namespace cli
