#include "server/task_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "base/json.h"
#include "base/strings.h"

namespace server {

using steps::LineKind;

namespace {

constexpr std::size_t kRowsAtOnce = 1000;
constexpr std::size_t kBytesAtOnce = 1U << 20;
// Of rows that wait for a forge that is down.
constexpr std::size_t kMostWaitingBytes = 64U << 20;
// Also without news: the forge gives a task up that it does not hear of, and says so when it was cancelled.
constexpr std::chrono::seconds kHeartbeat{5};
constexpr std::size_t kLongestOutputName = 255;
constexpr std::size_t kLargestOutput = 1U << 20;

/// `::error file=app.py,line=3::`, as a step that writes the command itself has it in its log.
std::string command_of(const runner::RunEvent& event, std::string_view name) {
  if (event.type != "annotation" || !event.details) return fmt::format("::{}::", name);
  std::vector<std::string> properties;
  const auto file = base::json_string(*event.details, "file");
  if (!file.empty()) properties.push_back("file=" + file);
  if (const auto line = base::json_integer(*event.details, "line"); line > 0)
    properties.push_back(fmt::format("line={}", line));
  return fmt::format("::{}{}{}::", name, properties.empty() ? "" : " ", base::join(properties, ","));
}

std::string tag_of_row(const runner::RunEvent& event) {
  switch (event.kind) {
    case LineKind::group:
      return "::group::";
    case LineKind::endgroup:
      return "::endgroup::";
    case LineKind::debug:
      return "::debug::";
    case LineKind::notice:
      return command_of(event, "notice");
    case LineKind::warning:
      return command_of(event, "warning");
    case LineKind::error:
      return command_of(event, "error");
    case LineKind::command:
      return "[command]";
    default:
      return "";
  }
}

std::chrono::milliseconds with_jitter(std::chrono::milliseconds pause) {
  thread_local std::minstd_rand random(std::random_device{}());
  return std::chrono::milliseconds(
      std::uniform_int_distribution<std::int64_t>(pause.count() / 2, pause.count())(random));
}

}  // namespace

std::vector<std::string> row_texts(const runner::RunEvent& event) {
  std::vector<std::string> texts;
  auto tag = tag_of_row(event);
  for (const auto& line : base::split(event.text, '\n')) {
    texts.push_back(tag + line);
    tag.clear();
  }
  return texts;
}

TaskReport::TaskReport(ForgeClient& forge, TaskReportOptions options)
    : forge_(forge), options_(std::move(options)) {
  state_.id = options_.task;
  state_.started = base::system_clock().now();
  state_.steps.resize(options_.steps);
  sender_ = std::jthread([this](const std::stop_token& stop) { keep_sending(stop); });
}

TaskReport::~TaskReport() = default;

void TaskReport::keep_sending(const std::stop_token& stop) {
  auto pause = options_.interval;
  bool failed = false;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, pause, [&] { return state_is_news_ && !failed; });
    }
    if (stop.stop_requested()) return;
    const auto sent = send();
    failed = !sent;
    pause = failed ? std::min(pause * 2, options_.longest_pause) : options_.interval;
    if (failed && sent.error().kind == base::ErrorKind::denied) tell_of_cancel();
  }
}

TaskStep* TaskReport::step_of(const runner::RunEvent& event) {
  const auto number = static_cast<std::size_t>(event.step);
  return event.step > 0 && number <= state_.steps.size() ? &state_.steps[number - 1] : nullptr;
}

void TaskReport::operator()(const runner::RunEvent& event) {
  const std::lock_guard lock(mutex_);
  if (event.type == "line" || event.type == "annotation") {
    // What a step was started with is told to those who ask for it.
    if (event.kind == LineKind::detail || (event.kind == LineKind::debug && !options_.debug)) return;
    for (auto& text : row_texts(event)) add_row(event, std::move(text));
  } else if (event.type == "step_started" || event.type == "step_skipped" || event.type == "step_finished") {
    note_step(event);
  }
}

void TaskReport::note_step(const runner::RunEvent& event) {
  auto* step = step_of(event);
  if (step == nullptr || step->stopped) return;
  if (!step->started) {
    step->started = event.time;
    step->log_index = first_row_ + static_cast<std::int64_t>(rows_.size());
  }
  if (event.type != "step_started") {
    step->stopped = event.time;
    step->result = event.type == "step_skipped" || !event.details
                       ? TaskResult::skipped
                       : task_result_of(base::json_string(*event.details, "conclusion"));
  }
  state_is_news_ = true;
  changed_.notify_all();
}

void TaskReport::add_row(const runner::RunEvent& event, std::string content) {
  if (row_bytes_ >= kMostWaitingBytes) {
    ++rows_left_out_;
    return;
  }
  if (rows_left_out_ > 0) {
    rows_.push_back({event.time, fmt::format("::warning::{} lines are left out here: the forge took none for "
                                             "too long; the runner's own log has them",
                                             std::exchange(rows_left_out_, 0))});
  }
  row_bytes_ += content.size() + sizeof(LogRow);
  rows_.push_back({event.time, std::move(content)});
  // A part of the log: with steps at the same time it holds rows of others, too.
  if (auto* step = step_of(event))
    step->log_length = first_row_ + static_cast<std::int64_t>(rows_.size()) - step->log_index;
}

void TaskReport::say(std::string text) {
  const std::lock_guard lock(mutex_);
  add_row({.time = base::system_clock().now()}, std::move(text));
}

base::Result<void> TaskReport::send_rows() {
  LogUpdate update{.task = options_.task};
  {
    const std::lock_guard lock(mutex_);
    update.index = first_row_;
    std::size_t bytes = 0;
    for (const auto& row : rows_) {
      if (update.rows.size() == kRowsAtOnce || bytes > kBytesAtOnce) break;
      bytes += row.content.size();
      update.rows.push_back(row);
    }
  }
  if (update.rows.empty()) return {};
  TRY(const auto known, forge_.update_log(update));
  const std::lock_guard lock(mutex_);
  if (known < first_row_) {
    return base::make_error(base::ErrorKind::remote,
                            fmt::format("the forge has lost lines of task {}: it has {} of {} that it had",
                                        options_.task, known, first_row_));
  }
  const auto taken = std::min<std::size_t>(static_cast<std::size_t>(known - first_row_), rows_.size());
  for (std::size_t i = 0; i < taken; ++i)
    row_bytes_ -= std::min(row_bytes_, rows_[i].content.size() + sizeof(LogRow));
  rows_.erase(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(taken));
  first_row_ += static_cast<std::int64_t>(taken);
  return {};
}

void TaskReport::tell_of_cancel() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(cancel_told_, true)) return;
  }
  if (options_.on_cancel) options_.on_cancel();
}

void TaskReport::take_answer(const TaskAnswer& answer) {
  bool ended = answer.result == TaskResult::cancelled || answer.result == TaskResult::failure;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& name : answer.sent_outputs) outputs_.erase(name);
    ended = ended && state_.result == TaskResult::unspecified;
  }
  if (ended) tell_of_cancel();
}

base::Result<void> TaskReport::send_state() {
  TaskState state;
  std::map<std::string, std::string> outputs;
  {
    const std::lock_guard lock(mutex_);
    const bool due = base::system_clock().steady_now() - state_sent_ >= kHeartbeat;
    if (!state_is_news_ && !due) return {};
    state = state_;
    outputs = outputs_;
    state_is_news_ = false;
  }
  const auto answer = forge_.update_task(state, outputs);
  if (!answer) {
    const std::lock_guard lock(mutex_);
    state_is_news_ = true;
    return answer.error();
  }
  take_answer(*answer);
  const std::lock_guard lock(mutex_);
  state_sent_ = base::system_clock().steady_now();
  return {};
}

// Rows first: a step's state names rows that the forge should have.
base::Result<void> TaskReport::send() {
  auto rows = send_rows();
  auto state = send_state();
  return rows ? std::move(state) : std::move(rows);
}

base::Result<void> TaskReport::send_all_rows_and_close() {
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (rows_.size() <= kRowsAtOnce) break;
    }
    TRY(send_rows());
  }
  LogUpdate last{.task = options_.task, .no_more = true};
  {
    const std::lock_guard lock(mutex_);
    // A call without rows is answered before the forge looks at no_more (Gitea's runner.go).
    if (rows_.empty()) rows_.push_back({base::system_clock().now(), ""});
    last.index = first_row_;
    last.rows = rows_;
  }
  TRY(const auto known, forge_.update_log(last));
  const std::lock_guard lock(mutex_);
  const auto end = first_row_ + static_cast<std::int64_t>(rows_.size());
  if (known >= end) {
    first_row_ = end;
    rows_.clear();
    return {};
  }
  return base::make_error(base::ErrorKind::unavailable,
                          fmt::format("the forge has {} of {} lines", known, end));
}

base::Result<void> TaskReport::send_end() {
  {
    const std::lock_guard lock(mutex_);
    state_is_news_ = true;
  }
  TRY(send_state());
  const std::lock_guard lock(mutex_);
  if (outputs_.empty()) return {};
  return base::make_error(base::ErrorKind::unavailable,
                          fmt::format("the forge has not taken {} outputs, '{}' one of them", outputs_.size(),
                                      outputs_.begin()->first));
}

base::Result<void> TaskReport::until_it_goes_through(const std::function<base::Result<void>()>& send) {
  auto& clock = base::system_clock();
  const auto deadline = clock.steady_now() + options_.patience;
  auto pause = options_.interval;
  while (true) {
    auto sent = send();
    // Who is not known, or asks for what is not there, does not get further by asking again.
    if (sent || sent.error().kind == base::ErrorKind::denied ||
        sent.error().kind == base::ErrorKind::not_found || clock.steady_now() >= deadline)
      return sent;
    clock.sleep_for(with_jitter(pause), {});
    pause = std::min(pause * 2, options_.longest_pause);
  }
}

base::Result<void> TaskReport::finish(TaskResult result, std::map<std::string, std::string> outputs) {
  sender_.request_stop();
  if (sender_.joinable()) sender_.join();
  const auto now = base::system_clock().now();
  for (auto it = outputs.begin(); it != outputs.end();) {
    const bool fits = it->first.size() <= kLongestOutputName && it->second.size() <= kLargestOutput;
    if (!fits) {
      say(fmt::format("::warning::The output '{}' is left out: names have {} bytes at most, values {}",
                      base::clipped(it->first, kLongestOutputName), kLongestOutputName,
                      base::format_bytes(kLargestOutput)));
    }
    it = fits ? std::next(it) : outputs.erase(it);
  }
  TRY(until_it_goes_through([this] {
        return send_all_rows_and_close();
      }).while_doing(fmt::format("sending the log of task {}", options_.task)));
  {
    const std::lock_guard lock(mutex_);
    outputs_ = std::move(outputs);
    state_.result = result;
    state_.stopped = now;
    // What never started is as the job: skipped, or cut off.
    for (auto& step : state_.steps) {
      if (step.result != TaskResult::unspecified) continue;
      step.result = result == TaskResult::skipped ? TaskResult::skipped : TaskResult::cancelled;
    }
  }
  return until_it_goes_through([this] { return send_end(); })
      .while_doing(fmt::format("sending the result of task {}", options_.task));
}

}  // namespace server
