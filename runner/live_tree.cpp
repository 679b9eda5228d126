#include "runner/live_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "base/strings.h"
#include "runner/display_width.h"
#include "runner/run_summary.h"

namespace runner {

namespace {

constexpr std::size_t kLongestTail = 6;
/// Of a line that is wider than any screen, so much is kept.
constexpr std::size_t kKeptOfLine = 2048;
constexpr std::string_view kRunning = "●";

double milliseconds_since(base::SteadyTime begin, base::SteadyTime now) {
  return std::chrono::duration<double, std::milli>(now - begin).count();
}

/// While something runs its time is shown by tenths of a second, later by seconds.
std::string running_time(double milliseconds) {
  constexpr double kTenths = 100;
  return duration_text(std::max(kTenths, std::floor(milliseconds / kTenths) * kTenths));
}

}  // namespace

LiveTree::Job& LiveTree::job(const std::string& name) {
  const auto found =
      std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& job) { return job.name == name; });
  if (found != jobs_.end()) return *found;
  jobs_.push_back({.name = name});
  return jobs_.back();
}

LiveTree::Step* LiveTree::step(Job& job, int number) {
  const auto found = std::find_if(job.steps.rbegin(), job.steps.rend(), [number](const Step& step) {
    return step.number == number && step.conclusion.empty();
  });
  return found == job.steps.rend() ? nullptr : &*found;
}

void LiveTree::take(const RunEvent& event, base::SteadyTime now) {
  if (!begun_) started_ = now;
  begun_ = true;
  if (event.type == "line" || event.type == "annotation") {
    if (event.kind == steps::LineKind::detail || event.kind == steps::LineKind::endgroup ||
        event.kind == steps::LineKind::debug)
      return;
    Step* running = step(job(event.job), event.step);
    if (running == nullptr || (running->of_runner && is_opening(event.kind))) return;
    running->told = true;
    for (const auto part : last_lines(event, kLongestTail)) {
      running->tail.push_back(
          styled(color_, fmt::format("{}{}", word_of_kind(event.kind), base::clipped(part, kKeptOfLine)),
                 style_of_kind(event.kind)));
      if (running->tail.size() > kLongestTail) running->tail.pop_front();
    }
    return;
  }
  const base::Json empty = base::Json::object();
  const base::Json& details = event.details ? *event.details : empty;
  if (event.type == "job_started") {
    job(event.job).started = now;
  } else if (event.type == "step_started") {
    job(event.job).steps.push_back(
        {.number = event.step, .name = event.text, .started = now, .of_runner = is_of_runner(event)});
  } else if (event.type == "step_finished") {
    Job& its_job = job(event.job);
    Step* running = step(its_job, event.step);
    if (running == nullptr) return;
    if (running->of_runner && !running->told && base::json_string(details, "conclusion") == "success") {
      its_job.steps.erase(its_job.steps.begin() + (running - its_job.steps.data()));
      return;
    }
    running->conclusion = shown_conclusion(details);
    running->milliseconds = base::json_number(details, "milliseconds");
    running->tail.clear();
  } else if (event.type == "job_finished") {
    Job& finished = job(event.job);
    finished.conclusion = event.text;
    finished.milliseconds = base::json_number(details, "milliseconds");
    finished.reason = base::replace_all(base::json_string(details, "reason"), "\n", " ");
  }
}

/// `left … right`, the right part kept whole as long as there is room for some of the left.
std::string LiveTree::line(const std::string& left, const std::string& right, std::size_t columns) const {
  const std::size_t right_width = display_width(right);
  if (right.empty() || right_width + 8 > columns) return cut_to_width(left, columns, color_);
  const std::string cut = cut_to_width(left, columns - right_width - 2, color_);
  return cut + "  " + styled(color_, right, style::kDim);
}

std::string LiveTree::step_line(const Step& step, std::size_t columns, base::SteadyTime now) const {
  if (step.conclusion.empty()) {
    return line(fmt::format("  {} {}", styled(color_, kRunning, style::kCyan), step.name),
                running_time(milliseconds_since(step.started, now)), columns);
  }
  return line(
      fmt::format("  {} {}",
                  styled(color_, mark_of_conclusion(step.conclusion), style_of_conclusion(step.conclusion)),
                  step.name),
      step.conclusion == "skipped" ? "" : duration_text(step.milliseconds), columns);
}

std::vector<std::string> LiveTree::finished_job(const std::string& name, std::size_t columns) const {
  std::vector<std::string> shown;
  const auto found =
      std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& job) { return job.name == name; });
  if (found == jobs_.end()) return shown;
  const std::string why = found->reason.empty() ? "" : ": " + found->reason;
  const bool skipped = found->conclusion == "skipped";
  shown.push_back(line(fmt::format("{} {}{}{}",
                                   styled(color_, mark_of_conclusion(found->conclusion),
                                          style_of_conclusion(found->conclusion)),
                                   styled(color_, found->name, style::kBold),
                                   found->conclusion == "success" ? "" : " " + found->conclusion, why),
                       skipped ? "" : duration_text(found->milliseconds), columns));
  for (const Step& step : found->steps) shown.push_back(step_line(step, columns, {}));
  return shown;
}

std::vector<std::string> LiveTree::lines_of(const Job& job, const Detail& detail, std::size_t columns,
                                            base::SteadyTime now) const {
  const std::string time = running_time(milliseconds_since(job.started, now));
  std::string title =
      fmt::format("{} {}", styled(color_, kRunning, style::kCyan), styled(color_, job.name, style::kBold));
  std::vector<std::string> shown;
  if (!detail.steps) {
    // All in one line: the job and the step it is at.
    for (const Step& step : job.steps) {
      if (step.conclusion.empty()) title += fmt::format(" › {}", step.name);
    }
  }
  shown.push_back(line(title, time, columns));
  if (!detail.steps) return shown;
  for (const Step& step : job.steps) {
    if (!step.conclusion.empty() && !detail.finished_steps) continue;
    shown.push_back(step_line(step, columns, now));
    if (!step.conclusion.empty()) continue;
    const std::size_t count = std::min(detail.tail, step.tail.size());
    for (std::size_t i = step.tail.size() - count; i < step.tail.size(); ++i) {
      shown.push_back(cut_to_width(fmt::format("    {} {}", styled(color_, "│", style::kDim), step.tail[i]),
                                   columns, color_));
    }
  }
  return shown;
}

std::string LiveTree::status_line(base::SteadyTime now) const {
  std::size_t running = 0;
  std::size_t failed = 0;
  std::size_t done = 0;
  for (const Job& job : jobs_) {
    running += job.conclusion.empty() ? 1 : 0;
    done += job.conclusion.empty() ? 0 : 1;
    failed += job.conclusion == "failure" ? 1 : 0;
  }
  std::string text = fmt::format("{} running, {} done", running, done);
  if (failed > 0) text += fmt::format(", {} failed", failed);
  if (jobs_expected_ > jobs_.size()) text += fmt::format(", {} waiting", jobs_expected_ - jobs_.size());
  return fmt::format("{}  {}", text, running_time(milliseconds_since(started_, now)));
}

std::vector<std::string> LiveTree::tree(const Detail& detail, std::size_t columns,
                                        base::SteadyTime now) const {
  std::vector<std::string> shown;
  for (const Job& job : jobs_) {
    if (!job.conclusion.empty()) continue;
    auto of_job = lines_of(job, detail, columns, now);
    std::move(of_job.begin(), of_job.end(), std::back_inserter(shown));
  }
  return shown;
}

std::vector<std::string> LiveTree::lines(const ScreenSize& size, base::SteadyTime now) const {
  // The cursor stands below, and the status line is the last.
  const std::size_t room = size.rows > 2 ? size.rows - 2 : 1;
  std::vector<Detail> details;
  for (std::size_t tail = kLongestTail; tail > 0; --tail) details.push_back({true, true, tail});
  for (std::size_t tail = kLongestTail; tail > 0; --tail) details.push_back({true, false, tail});
  details.push_back({true, false, 0});
  details.push_back({false, false, 0});
  std::vector<std::string> shown;
  for (const Detail& detail : details) {
    shown = tree(detail, size.columns, now);
    if (shown.size() <= room) break;
  }
  if (shown.empty()) return shown;
  if (shown.size() > room) {
    const std::size_t hidden = shown.size() - room + 1;
    shown.resize(room - 1);
    shown.push_back(cut_to_width(fmt::format("… and {} more", hidden), size.columns, color_));
  }
  shown.push_back(styled(color_, cut_to_width(status_line(now), size.columns, color_), style::kDim));
  return shown;
}

}  // namespace runner
