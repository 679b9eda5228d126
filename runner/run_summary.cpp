#include "runner/run_summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"
#include "runner/display_width.h"
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

/// A member of what a step or a remote side reported.
std::string text_of(const base::Json& json, std::string_view key) {
  return printable(base::json_string(json, key));
}

const base::Json& details_of(const RunEvent& event) {
  static const base::Json kNone = base::Json::object();
  return event.details ? *event.details : kNone;
}

std::string deployment_text(const base::Json& json) {
  std::string text = fmt::format("\ndeployment  {} of service {} in {}: {}\n", text_of(json, "deployment_id"),
                                 text_of(json, "service"), text_of(json, "cluster"), text_of(json, "status"));
  if (const auto reason = text_of(json, "reason"); !reason.empty())
    text += fmt::format("            {}\n", reason);
  text += fmt::format("tasks       before: {}\n            after:  {}\n",
                      list_text(base::json_member(json, "tasks_before")),
                      list_text(base::json_member(json, "tasks_after")));
  return text;
}

constexpr std::size_t kJobColumns = 60;
constexpr std::size_t kStepColumns = kJobColumns - 4;

std::string in_columns(std::string_view name, std::size_t columns) {
  const auto cut = cut_to_width(name, columns, Color::never);
  return cut + std::string(columns - display_width(cut), ' ');
}

// As GitHub shows of a step; more would hide what failed.
constexpr std::size_t kMostWarnings = 10;

}  // namespace

RunSummary::JobLines& RunSummary::job(const std::string& name) {
  const auto found =
      std::find_if(jobs.begin(), jobs.end(), [&](const auto& lines) { return lines.job == name; });
  if (found != jobs.end()) return *found;
  jobs.push_back({.job = name});
  return jobs.back();
}

void RunSummary::take_warning(const RunEvent& event) {
  const auto names = printable_event(event);
  auto warning = names.job + ": " + names.text;
  if (std::find(warnings.begin(), warnings.end(), warning) != warnings.end()) return;
  if (warnings.size() == kMostWarnings) {
    ++more_warnings;
  } else {
    warnings.push_back(std::move(warning));
  }
}

void RunSummary::take_message(const RunEvent& event) {
  const auto open = open_steps_.find({event.job, event.step});
  const bool is_of_step = open != open_steps_.end();
  if (event.type == "annotation" && event.kind == steps::LineKind::error) {
    const auto names = printable_event(event);
    errors.push_back(names.job + ": " + names.text);
    if (!is_of_step) loose_errors.push_back(errors.back());
  }
  if (event.type == "annotation" && event.kind == steps::LineKind::warning && !event.job.empty())
    take_warning(event);
  const bool is_hidden = event.kind == steps::LineKind::detail || event.kind == steps::LineKind::endgroup;
  if (!is_of_step || is_hidden || (open->second.of_runner && is_opening(event.kind))) return;
  open->second.lines.add(event);
}

// Much output is made printable as far as it is kept.
void RunSummary::take(const RunEvent& raw) {
  if (raw.type == "line" || raw.type == "annotation") return take_message(raw);
  const auto event = printable_event(raw);
  const base::Json& details = details_of(event);
  const std::pair<std::string, int> key{raw.job, raw.step};
  if (event.type == "job_started") {
    job(event.job);
  } else if (event.type == "step_started") {
    open_steps_[key] = {.job = event.job, .step = event.text, .lines = {}, .of_runner = is_of_runner(event)};
  } else if (event.type == "step_finished") {
    const auto conclusion = shown_conclusion(details);
    const auto open = open_steps_.find(key);
    if (open != open_steps_.end() && open->second.of_runner && open->second.lines.empty() &&
        conclusion == "success") {
      open_steps_.erase(open);
      return;
    }
    job(event.job).steps.push_back({event.text, conclusion, base::json_number(details, "milliseconds")});
    if (open == open_steps_.end()) return;
    if (conclusion == "failure") failures.push_back(std::move(open->second));
    open_steps_.erase(open);
  } else if (event.type == "job_finished") {
    auto& lines = job(event.job);
    lines.conclusion = event.text;
    lines.milliseconds = base::json_number(details, "milliseconds");
    lines.reason = text_of(details, "reason");
  } else if (event.type == "image_pushed") {
    images.push_back(event.details);
  } else if (event.type == "deployment_finished") {
    deployment = event.details;
  } else if (event.type == "probe") {
    probe = event.details;
  }
}

std::string summary_of_jobs(const RunSummary& summary, Color color) {
  std::string text;
  const auto mark = [color](const std::string& conclusion) {
    return styled(color, mark_of_conclusion(conclusion), style_of_conclusion(conclusion));
  };
  for (const auto& lines : summary.jobs) {
    text += fmt::format("{} {} {:>9}{}\n", mark(lines.conclusion), in_columns(lines.job, kJobColumns),
                        lines.conclusion == "skipped" ? "-" : duration_text(lines.milliseconds),
                        lines.reason.empty() ? "" : "  " + lines.reason);
    for (const auto& step : lines.steps) {
      text += fmt::format("    {} {} {:>9}{}\n", mark(step.conclusion), in_columns(step.name, kStepColumns),
                          step.conclusion == "skipped" ? "-" : duration_text(step.milliseconds),
                          step.conclusion == kTolerated ? "  failed, and may" : "");
    }
  }
  return text;
}

std::string summary_of_results(const RunSummary& summary) {
  std::string text;
  for (const auto& image : summary.images) {
    text += fmt::format("\nimage       {}\n            {}, {}\n", text_of(*image, "reference"),
                        text_of(*image, "digest"),
                        base::format_bytes(static_cast<std::uint64_t>(base::json_integer(*image, "size"))));
  }
  if (summary.deployment) text += deployment_text(*summary.deployment);
  if (summary.probe) {
    const auto& json = *summary.probe;
    text += fmt::format(
        "requests    {} sent to {} during the rollout, {} failed; p50 {:.1f} ms, p99 {:.1f} ms, "
        "longest gap {:.0f} ms\n",
        base::json_integer(json, "sent"), text_of(json, "url"), base::json_integer(json, "failed"),
        base::json_number(json, "p50_ms"), base::json_number(json, "p99_ms"),
        base::json_number(json, "longest_gap_ms"));
  }
  return text;
}

std::string summary_of_errors(const std::vector<std::string>& errors, Color color) {
  std::string text;
  for (const auto& error : errors) text += fmt::format("{} {}\n", styled(color, "error", style::kRed), error);
  return text;
}

std::string summary_of_warnings(const RunSummary& summary, Color color) {
  std::string text;
  for (const auto& warning : summary.warnings)
    text += fmt::format("{} {}\n", styled(color, "warning", style::kYellow), warning);
  if (summary.more_warnings > 0)
    text +=
        styled(color, fmt::format("… {} more warnings are in the log", summary.more_warnings), style::kDim) +
        "\n";
  return text.empty() ? text : "\n" + text;
}

std::string summary_of_failures(const RunSummary& summary, Color color) {
  std::string text;
  for (const auto& failure : summary.failures) {
    text += fmt::format("\n{} {}\n", styled(color, "✗", style::kRed),
                        styled(color, fmt::format("{} › {}", failure.job, failure.step), style::kBold));
    if (failure.lines.left_out() > 0) {
      text += styled(color, fmt::format("  … {} lines before these are in the log", failure.lines.left_out()),
                     style::kDim);
      text += '\n';
    }
    for (const auto& line : failure.lines.last()) {
      auto word = word_of_kind(line.kind);
      for (const auto& part : base::split(line.text, '\n')) {
        text +=
            fmt::format("  {}\n", styled(color, fmt::format("{}{}", word, part), style_of_kind(line.kind)));
        word = "";
      }
    }
  }
  return text;
}

std::string summary_of_end(const RunEvent& run_finished, Color color) {
  const base::Json& details = details_of(run_finished);
  std::string text =
      fmt::format("\n{} in {}\n", styled(color, run_finished.text, style_of_conclusion(run_finished.text)),
                  duration_text(base::json_number(details, "milliseconds")));
  if (const auto next = base::json_member(details, "next"); next.is_array()) {
    for (const auto& line : next) {
      if (line.is_string()) text += fmt::format("  {}\n", line.get_ref<const std::string&>());
    }
  }
  return text;
}

bool is_of_runner(const RunEvent& step_started) {
  return base::json_string(details_of(step_started), "by") == "runner";
}

std::string shown_conclusion(const base::Json& step_finished) {
  auto conclusion = base::json_string(step_finished, "conclusion");
  const bool tolerated = conclusion == "success" && base::json_string(step_finished, "outcome") == "failure";
  return tolerated ? std::string(kTolerated) : conclusion;
}

bool is_opening(steps::LineKind kind) {
  using steps::LineKind;
  return kind == LineKind::detail || kind == LineKind::group || kind == LineKind::endgroup ||
         kind == LineKind::command || kind == LineKind::script;
}

RunEvent printable_event(const RunEvent& raw) {
  // Names come from expressions and values of a matrix, so they are no more to be trusted than output.
  RunEvent event = raw;
  event.job = base::replace_all(printable(raw.job), "\n", " ");
  event.text = printable(raw.text);
  return event;
}

}  // namespace runner
