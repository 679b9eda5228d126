#include "runner/terminal_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/strings.h"
#include "runner/printable_text.h"

namespace runner {

namespace {

/// `a, b`, or "none".
std::string list_text(const base::Json& list) {
  std::string text;
  for (const auto& entry : list) {
    if (entry.is_string())
      text += (text.empty() ? "" : ", ") + printable(entry.get_ref<const std::string&>());
  }
  return text.empty() ? "none" : text;
}

constexpr std::string_view kBold = "1";
constexpr std::string_view kDim = "2";
constexpr std::string_view kRed = "31";
constexpr std::string_view kGreen = "32";
constexpr std::string_view kYellow = "33";
constexpr std::string_view kCyan = "36";
constexpr std::string_view kPlain = "";

std::string_view style_of(std::string_view conclusion) {
  if (conclusion == "success") return kGreen;
  if (conclusion == "skipped") return kDim;
  return conclusion == "cancelled" ? kYellow : kRed;
}

std::string_view mark_of(std::string_view conclusion) {
  if (conclusion == "success") return "✓";
  if (conclusion == "skipped") return "○";
  return conclusion == "cancelled" ? "◌" : "✗";
}

std::string duration(double length) {
  return base::format_duration_ms(static_cast<std::int64_t>(length));
}

std::string_view tag_of(steps::LineKind kind) {
  switch (kind) {
    case steps::LineKind::output:
    case steps::LineKind::detail:
      return "";
    case steps::LineKind::command:
      return "##[command]";
    case steps::LineKind::group:
      return "##[group]";
    case steps::LineKind::endgroup:
      return "##[endgroup]";
    case steps::LineKind::debug:
      return "##[debug]";
    case steps::LineKind::notice:
      return "##[notice]";
    case steps::LineKind::warning:
      return "##[warning]";
    case steps::LineKind::error:
      return "##[error]";
  }
  return "";
}

std::string_view style_of(steps::LineKind kind) {
  switch (kind) {
    case steps::LineKind::error:
      return kRed;
    case steps::LineKind::warning:
      return kYellow;
    case steps::LineKind::notice:
    case steps::LineKind::command:
      return kCyan;
    case steps::LineKind::group:
      return kBold;
    case steps::LineKind::debug:
    case steps::LineKind::detail:
      return kDim;
    default:
      return kPlain;
  }
}

/// A member of what a step or a remote side reported.
std::string text_of(const base::Json& json, std::string_view key) {
  return printable(base::json_string(json, key));
}

}  // namespace

TerminalLog::TerminalLog(TerminalOptions options) : options_(options) {}

std::string TerminalLog::styled(std::string_view text, std::string_view style) const {
  if (options_.color == Color::never || style.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", style, text);
}

// A terminal that is gone, or a full disk behind it, does not end the run: its log is kept elsewhere too.
void TerminalLog::put(const std::string& text) const {
  std::fwrite(text.data(), 1, text.size(), options_.out);
}

void TerminalLog::print(const std::string& job, std::string_view mark, std::string_view text,
                        std::string_view style) {
  std::string line = styled(fmt::format("{:<{}}", job, options_.job_width), kCyan);
  if (!mark.empty()) line += fmt::format(" {}", styled(mark, style));
  put(line + fmt::format(" {}\n", text));
}

RunSummary::JobLines& TerminalLog::job(const std::string& name) {
  const auto found = std::find_if(summary_.jobs.begin(), summary_.jobs.end(),
                                  [&](const auto& lines) { return lines.job == name; });
  if (found != summary_.jobs.end()) return *found;
  summary_.jobs.push_back({.job = name});
  return summary_.jobs.back();
}

// The first time that a step shows something, and again after a step beside it has.
void TerminalLog::show_heading(const RunEvent& event) {
  const auto open = open_steps_.find({event.job, event.step});
  if (open == open_steps_.end()) return;
  auto& last = last_shown_[event.job];
  if (open->second.shown && last == event.step) return;
  open->second.shown = true;
  last = event.step;
  print(event.job, "┌", styled(open->second.name, kBold), kDim);
}

void TerminalLog::show_finished_step(const RunEvent& event, const base::Json& details) {
  const auto conclusion = base::json_string(details, "conclusion");
  const auto milliseconds = base::json_number(details, "milliseconds");
  job(event.job).steps.push_back({event.text, conclusion, milliseconds});
  const auto style = style_of(conclusion);
  const auto open = open_steps_.find({event.job, event.step});
  if (conclusion == "skipped" && open != open_steps_.end() && !open->second.shown) {
    const auto why = open->second.why_skipped.empty() ? "" : ": " + open->second.why_skipped;
    open_steps_.erase(open);
    print(event.job, mark_of(conclusion), styled(event.text + why, style), style);
    return;
  }
  show_heading(event);
  if (open != open_steps_.end()) open_steps_.erase(open);
  print(event.job, "└",
        fmt::format("{} {}  {}", styled(mark_of(conclusion), style), event.text,
                    styled(duration(milliseconds), kDim)),
        kDim);
}

void TerminalLog::show_line(const RunEvent& event) {
  if (event.kind == steps::LineKind::debug && !options_.debug) return;
  show_heading(event);
  if (options_.timestamps) {
    auto tag = tag_of(event.kind);
    for (const auto& line : base::split(event.text, '\n')) {
      print(event.job, base::format_iso8601(event.time), fmt::format("{}{}", tag, line), kPlain);
      tag = "";
    }
    return;
  }
  if (event.kind == steps::LineKind::endgroup) return;
  if (event.kind == steps::LineKind::detail && !options_.debug) return;
  std::string_view prefix;
  if (event.kind == steps::LineKind::error) prefix = "Error: ";
  if (event.kind == steps::LineKind::warning) prefix = "Warning: ";
  if (event.kind == steps::LineKind::notice) prefix = "Notice: ";
  if (event.kind == steps::LineKind::output) return show_output(event);
  // An annotation may have several lines.
  for (const auto& line : base::split(event.text, '\n')) {
    const auto shown = fmt::format("{}{}", prefix, line);
    print(event.job, "│", styled(shown, style_of(event.kind)), kDim);
    prefix = "";
  }
}

// Much of it may come at once: what stands in front of each line is made once.
void TerminalLog::show_output(const RunEvent& event) const {
  const auto front = fmt::format(
      "{} {} ", styled(fmt::format("{:<{}}", event.job, options_.job_width), kCyan), styled("│", kDim));
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
  // Names come from expressions and values of a matrix, so they are no more to be trusted than output.
  RunEvent event = raw;
  event.job = base::replace_all(printable(raw.job), "\n", " ");
  event.text = printable(raw.text);
  const base::Json empty = base::Json::object();
  const base::Json& details = event.details ? *event.details : empty;
  if (event.type == "line") {
    show_line(event);
  } else if (event.type == "annotation") {
    show_line(event);
    if (event.kind == steps::LineKind::error) summary_.errors.push_back(event.job + ": " + event.text);
  } else if (event.type == "run_started") {
    put(fmt::format("{} {}\n", styled(event.text, kBold), text_of(details, "about")));
  } else if (event.type == "job_started") {
    job(event.job);
    print(event.job, "▶", styled("started", kDim), kDim);
  } else if (event.type == "job_waiting" || event.type == "run_waiting") {
    print(event.job, "⧖", styled(event.text, kYellow), kYellow);
  } else if (event.type == "step_started") {
    open_steps_[{event.job, event.step}] = {event.text};
  } else if (event.type == "step_skipped") {
    const auto open = open_steps_.find({event.job, event.step});
    if (open != open_steps_.end()) open->second.why_skipped = event.text;
  } else if (event.type == "step_finished") {
    show_finished_step(event, details);
  } else if (event.type == "job_finished") {
    auto& lines = job(event.job);
    lines.conclusion = event.text;
    lines.milliseconds = base::json_number(details, "milliseconds");
    lines.reason = text_of(details, "reason");
    const std::string why = lines.reason.empty() ? "" : ": " + lines.reason;
    print(event.job, mark_of(event.text), fmt::format("{}{}", event.text, why), style_of(event.text));
  } else if (event.type == "image_pushed") {
    summary_.images.push_back(event.details);
  } else if (event.type == "deployment_finished") {
    summary_.deployment = event.details;
  } else if (event.type == "probe") {
    summary_.probe = event.details;
  } else if (event.type == "run_finished") {
    print_summary(event);
  }
  std::fflush(options_.out);
}

void TerminalLog::print_deployment() {
  if (summary_.deployment) {
    const auto& json = *summary_.deployment;
    put(fmt::format("\ndeployment  {} of service {} in {}: {}\n", text_of(json, "deployment_id"),
                    text_of(json, "service"), text_of(json, "cluster"), text_of(json, "status")));
    if (const auto reason = text_of(json, "reason"); !reason.empty()) {
      put(fmt::format("            {}\n", reason));
    }
    put(fmt::format("tasks       before: {}\n            after:  {}\n",
                    list_text(base::json_member(json, "tasks_before")),
                    list_text(base::json_member(json, "tasks_after"))));
  }
  if (summary_.probe) {
    const auto& json = *summary_.probe;
    put(
        fmt::format("requests    {} sent to {} during the rollout, {} failed; p50 {:.1f} ms, p99 {:.1f} ms, "
                    "longest gap {:.0f} ms\n",
                    base::json_integer(json, "sent"), text_of(json, "url"),
                    base::json_integer(json, "failed"), base::json_number(json, "p50_ms"),
                    base::json_number(json, "p99_ms"), base::json_number(json, "longest_gap_ms")));
  }
}

void TerminalLog::print_summary(const RunEvent& event) {
  const base::Json empty = base::Json::object();
  const base::Json& details = event.details ? *event.details : empty;
  put(fmt::format("\n{}\n", styled("Summary", kBold)));
  for (const auto& lines : summary_.jobs) {
    put(fmt::format("{} {:<40} {:>9}{}\n", styled(mark_of(lines.conclusion), style_of(lines.conclusion)),
                    lines.job, lines.conclusion == "skipped" ? "-" : duration(lines.milliseconds),
                    lines.reason.empty() ? "" : "  " + lines.reason));
    for (const auto& step : lines.steps) {
      put(fmt::format("    {} {:<36} {:>9}\n", styled(mark_of(step.conclusion), style_of(step.conclusion)),
                      step.name, step.conclusion == "skipped" ? "-" : duration(step.milliseconds)));
    }
  }
  for (const auto& image : summary_.images) {
    put(fmt::format("\nimage       {}\n            {}, {}\n", text_of(*image, "reference"),
                    text_of(*image, "digest"),
                    base::format_bytes(static_cast<std::uint64_t>(base::json_integer(*image, "size")))));
  }
  print_deployment();
  for (const auto& error : summary_.errors) put(fmt::format("{} {}\n", styled("error", kRed), error));
  put(fmt::format("\n{} in {}\n", styled(event.text, style_of(event.text)),
                  duration(base::json_number(details, "milliseconds"))));
  if (const auto next = base::json_member(details, "next"); next.is_array()) {
    for (const auto& line : next) {
      if (line.is_string()) put(fmt::format("  {}\n", line.get_ref<const std::string&>()));
    }
  }
}

}  // namespace runner
