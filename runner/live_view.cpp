#include "runner/live_view.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/json.h"
#include "runner/display_width.h"
#include "runner/printable_text.h"

namespace runner {

namespace {

// Often enough for times by tenths of a second, seldom enough to cost nothing.
constexpr std::chrono::milliseconds kBetweenDrawings{100};

// One drawing: shown at once by terminals that know how (mode 2026), without wrapping lines or a cursor that
// jumps about.
constexpr std::string_view kBegin = "\x1b[?2026h\x1b[?25l\x1b[?7l\r";
constexpr std::string_view kEnd = "\x1b[?7h\x1b[?25h\x1b[?2026l";
constexpr std::string_view kClearBelow = "\x1b[J";
constexpr std::string_view kClearLine = "\x1b[K";

ScreenSize size_of(int terminal) {
  winsize size{};
  ScreenSize screen;
  if (::ioctl(terminal, TIOCGWINSZ, &size) != 0) return screen;
  if (size.ws_row > 0) screen.rows = size.ws_row;
  if (size.ws_col > 0) screen.columns = size.ws_col;
  return screen;
}

/// All of it, also to a terminal that does not block. One that is gone ends no run.
void write_whole(int terminal, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(terminal, text.data(), text.size());
    if (count > 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      pollfd waited{terminal, POLLOUT, 0};
      ::poll(&waited, 1, 1000);
    } else if (errno != EINTR) {
      return;
    }
  }
}

std::string as_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

}  // namespace

bool can_show_live(int descriptor) {
  const char* kind = std::getenv("TERM");
  return ::isatty(descriptor) == 1 && kind != nullptr && *kind != 0 && std::string_view(kind) != "dumb";
}

LiveView::LiveView(const LiveOptions& options) : options_(options), tree_(options.jobs, options.color) {
  timer_ = std::jthread([this](const std::stop_token& stop) { draw_from_time_to_time(stop); });
}

LiveView::~LiveView() {
  timer_.request_stop();
  timer_.join();
  const std::lock_guard lock(mutex_);
  if (!over_ && !drawn_.empty()) {
    over_ = true;
    draw("");
  }
}

void LiveView::draw_from_time_to_time(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wake_.wait_for(lock, stop, kBetweenDrawings, [] { return false; });
    if (!over_ && (changed_ || !drawn_.empty())) draw("");
  }
}

/// To the first line of the tree. A terminal that became narrower has wrapped what was wider.
std::string LiveView::way_up(const ScreenSize& size) const {
  std::size_t rows = 0;
  for (const std::size_t width : drawn_)
    rows += std::max<std::size_t>(1, (width + size.columns - 1) / size.columns);
  rows = std::min(rows, size.rows - 1);
  return rows == 0 ? "" : fmt::format("\x1b[{}A", rows);
}

void LiveView::draw(const std::string& above) {
  const ScreenSize size = size_of(options_.terminal);
  const auto now = base::system_clock().steady_now();
  std::string frame(kBegin);
  frame += way_up(size);
  if (!above.empty()) {
    // What stays may wrap: only the tree counts its rows.
    frame += fmt::format("{}\x1b[?7h{}\x1b[?7l", kClearBelow, above);
  }
  drawn_.clear();
  if (!over_) {
    for (const auto& line : tree_.lines(size, now)) {
      frame += fmt::format("{}{}\n", line, kClearLine);
      drawn_.push_back(display_width(line));
    }
  }
  frame += kClearBelow;
  frame += kEnd;
  write_whole(options_.terminal, frame);
  changed_ = false;
}

void LiveView::operator()(const RunEvent& raw) {
  const RunEvent event = printable_event(raw);
  const std::lock_guard lock(mutex_);
  tree_.take(event, base::system_clock().steady_now());
  summary_.take(event);
  changed_ = true;
  if (event.type == "run_started") {
    const std::string about = event.details ? printable(base::json_string(*event.details, "about")) : "";
    draw(fmt::format("{} {}\n", styled(options_.color, event.text, style::kBold), about));
  } else if (event.type == "job_waiting" || event.type == "run_waiting") {
    draw(fmt::format("{} {}{}\n", styled(options_.color, "⧖", style::kYellow),
                     event.job.empty() ? "" : event.job + ": ", event.text));
  } else if (event.type == "job_finished") {
    draw(as_lines(tree_.finished_job(event.job, size_of(options_.terminal).columns)));
  } else if (event.type == "run_finished") {
    over_ = true;
    draw(summary_of_warnings(summary_, options_.color) + summary_of_failures(summary_, options_.color) +
         summary_of_errors(summary_.loose_errors, options_.color) + summary_of_results(summary_) +
         summary_of_end(event, options_.color));
  } else if (event.job.empty() && event.type == "annotation") {
    draw(fmt::format("{}{}\n", word_of_kind(event.kind), event.text));
  }
}

}  // namespace runner
