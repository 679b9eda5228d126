#include "runner/terminal_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/strings.h"
#include "runner/printable_text.h"

namespace runner {

TerminalLog::TerminalLog(TerminalOptions options) : options_(options) {}

std::string TerminalLog::in_style(std::string_view text, std::string_view style) const {
  return styled(options_.color, text, style);
}

// A terminal that is gone, or a full disk behind it, does not end the run: its log is kept elsewhere too.
void TerminalLog::put(const std::string& text) const {
  std::fwrite(text.data(), 1, text.size(), options_.out);
}

void TerminalLog::print(const std::string& job, std::string_view mark, std::string_view text,
                        std::string_view style) {
  std::string line = in_style(fmt::format("{:<{}}", job, options_.job_width), style::kCyan);
  if (!mark.empty()) line += fmt::format(" {}", in_style(mark, style));
  put(line + fmt::format(" {}\n", text));
}

// The first time that a step shows something, and again after a step beside it has.
void TerminalLog::show_heading(const RunEvent& event) {
  const auto open = open_steps_.find({event.job, event.step});
  if (open == open_steps_.end()) return;
  auto& last = last_shown_[event.job];
  if (open->second.shown && last == event.step) return;
  open->second.shown = true;
  last = event.step;
  print(event.job, "┌", in_style(open->second.name, style::kBold), style::kDim);
}

void TerminalLog::show_finished_step(const RunEvent& event, const base::Json& details) {
  const auto conclusion = shown_conclusion(details);
  const auto milliseconds = base::json_number(details, "milliseconds");
  const auto style = style_of_conclusion(conclusion);
  const auto open = open_steps_.find({event.job, event.step});
  if (conclusion == "skipped" && open != open_steps_.end() && !open->second.shown) {
    const auto why = open->second.why_skipped.empty() ? "" : ": " + open->second.why_skipped;
    open_steps_.erase(open);
    print(event.job, mark_of_conclusion(conclusion), in_style(event.text + why, style), style);
    return;
  }
  if (open != open_steps_.end() && open->second.of_runner && !open->second.shown && conclusion == "success") {
    open_steps_.erase(open);
    return;
  }
  show_heading(event);
  if (open != open_steps_.end()) open_steps_.erase(open);
  print(event.job, "└",
        fmt::format("{} {}  {}{}", in_style(mark_of_conclusion(conclusion), style), event.text,
                    in_style(duration_text(milliseconds), style::kDim),
                    conclusion == kTolerated ? "  failed, and may" : ""),
        style::kDim);
}

// Of the runner's own steps: what only those read who asked for all of it.
bool TerminalLog::is_aside(const RunEvent& event) const {
  if (options_.timestamps || options_.debug) return false;
  const auto open = open_steps_.find({event.job, event.step});
  return open != open_steps_.end() && open->second.of_runner && is_opening(event.kind);
}

// A step without a name is called by what it runs, as its first line is.
bool TerminalLog::repeats_heading(const RunEvent& event) const {
  const auto open = open_steps_.find({event.job, event.step});
  return event.kind == steps::LineKind::group && open != open_steps_.end() && open->second.name == event.text;
}

void TerminalLog::show_line(const RunEvent& event) {
  if (event.kind == steps::LineKind::debug && !options_.debug) return;
  if (is_aside(event)) return;
  show_heading(event);
  if (options_.timestamps) {
    auto tag = tag_of_kind(event.kind);
    for (const auto& line : base::split(event.text, '\n')) {
      print(event.job, base::format_iso8601(event.time), fmt::format("{}{}", tag, line), style::kPlain);
      tag = "";
    }
    return;
  }
  if (event.kind == steps::LineKind::endgroup || repeats_heading(event)) return;
  if (event.kind == steps::LineKind::detail && !options_.debug) return;
  if (event.kind == steps::LineKind::output) return show_output(event);
  std::string_view prefix = word_of_kind(event.kind);
  // An annotation may have several lines.
  for (const auto& line : base::split(event.text, '\n')) {
    const auto shown = fmt::format("{}{}", prefix, line);
    print(event.job, "│", in_style(shown, style_of_kind(event.kind)), style::kDim);
    prefix = "";
  }
}

// Much of it may come at once: what stands in front of each line is made once.
void TerminalLog::show_output(const RunEvent& event) const {
  const auto front =
      fmt::format("{} {} ", in_style(fmt::format("{:<{}}", event.job, options_.job_width), style::kCyan),
                  in_style("│", style::kDim));
  std::string shown;
  shown.reserve(event.text.size() * 5 / 4);
  std::string_view rest = event.text;
  for (bool more = true; more;) {
    const auto end = rest.find('\n');
    more = end != std::string_view::npos;
    shown += front;
    shown += rest.substr(0, end);
    shown += '\n';
    rest.remove_prefix(more ? end + 1 : rest.size());
  }
  put(shown);
}

void TerminalLog::operator()(const RunEvent& raw) {
  const RunEvent event = printable_event(raw);
  const base::Json empty = base::Json::object();
  const base::Json& details = event.details ? *event.details : empty;
  if (event.type == "line" || event.type == "annotation") {
    show_line(event);
  } else if (event.type == "run_started") {
    put(fmt::format("{} {}\n", in_style(event.text, style::kBold),
                    printable(base::json_string(details, "about"))));
  } else if (event.type == "job_started") {
    print(event.job, "▶", in_style("started", style::kDim), style::kDim);
  } else if (event.type == "job_waiting" || event.type == "run_waiting") {
    print(event.job, "⧖", in_style(event.text, style::kYellow), style::kYellow);
  } else if (event.type == "step_started") {
    open_steps_[{event.job, event.step}] = {.name = event.text, .of_runner = is_of_runner(event)};
  } else if (event.type == "step_skipped") {
    const auto open = open_steps_.find({event.job, event.step});
    if (open != open_steps_.end()) open->second.why_skipped = event.text;
  } else if (event.type == "step_finished") {
    show_finished_step(event, details);
  } else if (event.type == "job_finished") {
    const std::string reason = printable(base::json_string(details, "reason"));
    print(event.job, mark_of_conclusion(event.text),
          fmt::format("{}{}", event.text, reason.empty() ? "" : ": " + reason),
          style_of_conclusion(event.text));
  }
  summary_.take(event);
  if (event.type == "run_finished") print_summary(event);
  std::fflush(options_.out);
}

void TerminalLog::print_summary(const RunEvent& event) {
  put(fmt::format("\n{}\n", in_style("Summary", style::kBold)));
  put(summary_of_jobs(summary_, options_.color));
  put(summary_of_results(summary_));
  put(summary_of_errors(summary_.errors, options_.color));
  put(summary_of_end(event, options_.color));
}

}  // namespace runner
