#include "cli/run_display.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "base/files.h"
#include "runner/github_log.h"
#include "runner/live_view.h"
#include "runner/printable_text.h"
#include "runner/terminal_log.h"

namespace cli {

namespace {

runner::Color color_of_output() {
  // https://no-color.org: set and not empty.
  const char* refused = std::getenv("NO_COLOR");
  const bool colored = ::isatty(STDOUT_FILENO) == 1 && (refused == nullptr || *refused == 0);
  return colored ? runner::Color::always : runner::Color::never;
}

void show_json(const runner::RunEvent& event) {
  for (const auto& one : runner::line_by_line(event)) {
    const auto line = runner::to_json_line(one) + "\n";
    std::fwrite(line.data(), 1, line.size(), stdout);
  }
  std::fflush(stdout);
}

/// Says nothing of what goes well.
runner::EventStream::Reader make_quiet_display(runner::Color color) {
  const auto summary = std::make_shared<runner::RunSummary>();
  return [summary, color](const runner::RunEvent& raw) {
    summary->take(raw);
    if (raw.type != "run_finished" || raw.text == "success") return;
    const std::string text = runner::summary_of_failures(*summary, color) +
                             runner::summary_of_errors(summary->loose_errors, color) +
                             runner::summary_of_end(raw, color);
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  };
}

std::size_t jobs_of(const workflow::Plan& plan) {
  std::size_t jobs = 0;
  for (const auto& group : plan.groups) jobs += std::max<std::size_t>(1, group.legs.size());
  return jobs;
}

std::size_t longest_name(const workflow::Plan& plan) {
  std::size_t width = 0;
  for (const auto& group : plan.groups) {
    width = std::max(width, group.job->id.size());
    for (const auto& leg : group.legs) width = std::max(width, leg.key.size());
  }
  return width;
}

/// Whether the run may stop for an approval or a shell at the terminal.
bool may_ask(const RunFlags& flags, const workflow::Plan& plan) {
  if (flags.shell_on_failure) return true;
  return !flags.no_input && std::any_of(plan.groups.begin(), plan.groups.end(),
                                        [](const auto& group) { return group.job->environment.present(); });
}

}  // namespace

base::Result<void> check_log_format(const RunFlags& flags) {
  if (flags.log_format != LogFormat::live || runner::can_show_live(STDOUT_FILENO)) return {};
  return base::make_error(base::ErrorKind::invalid_input,
                          "--log-format live needs a terminal as standard output, and TERM to name one; "
                          "auto takes pretty where there is none");
}

runner::EventStream::Reader make_display(const RunFlags& flags, const workflow::Plan& plan, bool debug) {
  const auto color = color_of_output();
  auto format = flags.log_format;
  // Debug lines have no place in a tree, and one that is drawn anew would wipe away what asks the user.
  if (format == LogFormat::automatic) {
    const bool live = runner::can_show_live(STDOUT_FILENO) && !debug && !may_ask(flags, plan);
    format = live ? LogFormat::live : LogFormat::pretty;
  }
  if (format == LogFormat::json) return show_json;
  if (format == LogFormat::quiet) return make_quiet_display(color);
  if (format == LogFormat::github) {
    const auto log = std::make_shared<runner::GithubLog>(stdout, debug);
    return [log](const runner::RunEvent& event) { (*log)(event); };
  }
  if (format == LogFormat::live && runner::can_show_live(STDOUT_FILENO)) {
    const auto view = std::make_shared<runner::LiveView>(
        runner::LiveOptions{.terminal = STDOUT_FILENO, .color = color, .jobs = jobs_of(plan)});
    return [view](const runner::RunEvent& event) { (*view)(event); };
  }
  const auto terminal = std::make_shared<runner::TerminalLog>(
      runner::TerminalOptions{.color = color,
                              .timestamps = format == LogFormat::plain,
                              .debug = debug,
                              .job_width = std::min<std::size_t>(longest_name(plan), 30)});
  return [terminal](const runner::RunEvent& event) { (*terminal)(event); };
}

base::Result<void> write_step_summaries(const std::string& markdown, const std::string& file) {
  if (file.empty()) return {};
  if (file != "-") return base::write_file(file, markdown).while_doing("writing the steps' summaries");
  const std::string text = runner::printable(markdown);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
  return {};
}

}  // namespace cli
