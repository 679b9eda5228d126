#include "runner/run_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/json.h"
#include "base/strings.h"

namespace runner {

namespace {

constexpr const char* kIndexFile = "events.index";
// Lines between two marks: so few that nobody waits for reading them, so many that marks take no room.
constexpr std::uint64_t kEvery = 256;
constexpr std::size_t kPieceOfLog = 64 * 1024;
// So much that writing costs little, so little that it is still in the processor's cache. Pieces that begin
// at a multiple of it in the file cost the kernel a third less than others.
constexpr std::size_t kWrittenAtOnce = 256 * 1024;
constexpr std::size_t kLongestEvent = 256U << 20;

static_assert(sizeof(LogMark) == 48, "marks are written as they are in memory");

base::Result<base::Fd> open_to_append(const base::Path& file) {
  base::Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!fd) return base::system_error("cannot write the run's log " + file.string(), errno);
  return fd;
}

std::uint64_t size_of(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

// A runner that was killed may have left half an event, or half a mark.
base::Result<void> end_what_was_cut_off(int events, int index) {
  const auto size = size_of(events);
  char last = '\n';
  if (size > 0 && ::pread(events, &last, 1, static_cast<off_t>(size - 1)) == 1 && last != '\n')
    TRY(base::write_all(events, "\n"));
  const auto whole = size_of(index) / sizeof(LogMark) * sizeof(LogMark);
  if (::ftruncate(index, static_cast<off_t>(whole)) != 0)
    return base::system_error("repairing the index of the run's log", errno);
  return {};
}

// Marks that do not fit the file are of no use, but nothing is wrong with the log.
std::vector<LogMark> read_marks(const base::Path& folder, std::uint64_t size) {
  std::vector<LogMark> marks;
  const base::Fd index(::open((folder / kIndexFile).c_str(), O_RDONLY | O_CLOEXEC));
  if (!index) return marks;
  marks.resize(size_of(index.get()) / sizeof(LogMark));
  const auto bytes = marks.size() * sizeof(LogMark);
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t count = ::pread(index.get(), reinterpret_cast<char*>(marks.data()) + done, bytes - done,
                                  static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  marks.resize(done / sizeof(LogMark));
  std::erase_if(marks, [&](const LogMark& mark) { return mark.offset >= size || mark.job >= size; });
  return marks;
}

// `build` stands for `build (a, 1)` and `build / test`, too.
bool is_job(const std::string& key, const std::string& wanted) {
  if (!key.starts_with(wanted)) return false;
  const auto rest = std::string_view(key).substr(wanted.size());
  return rest.empty() || rest.starts_with(" (") || rest.starts_with(" / ");
}

std::uint32_t attempt_of(const RunEvent& started) {
  static const base::Json nothing = base::Json::object();
  return static_cast<std::uint32_t>(
      base::json_integer(started.details ? *started.details : nothing, "run_attempt", 1));
}

}  // namespace

base::Result<void> remove_run_log(const base::Path& folder) {
  for (const auto* name : {kEventsFile, kIndexFile}) {
    std::error_code error;
    std::filesystem::remove(folder / name, error);
    if (error) return base::system_error("removing the log " + (folder / name).string(), error.value());
  }
  return {};
}

std::uint64_t log_lines_of(const RunEvent& event) {
  return event.type == "line" || event.type == "annotation" ? event.lines : 0;
}

base::Result<RunLogWriter> RunLogWriter::open(const base::Path& folder, std::uint32_t attempt) {
  RunLogWriter writer;
  TRY(writer.events_, open_to_append(folder / kEventsFile));
  TRY(writer.index_, open_to_append(folder / kIndexFile));
  TRY(writer.go_to_end());
  writer.attempt_ = attempt;
  return writer;
}

bool RunLogWriter::wants_mark(const RunEvent& event, std::uint64_t count, const Lines& job,
                              std::uint64_t step_lines) const {
  if (count == 0)
    return event.type == "run_started" || event.type == "job_started" || event.type == "step_started";
  // One for each kEvery lines, however they are spread over events.
  const auto is_due = [count](std::uint64_t before) {
    return before % kEvery == 0 || before / kEvery != (before + count - 1) / kEvery;
  };
  return is_due(lines_) || is_due(job.count) || is_due(step_lines);
}

base::Result<void> RunLogWriter::go_to_end() {
  TRY(end_what_was_cut_off(events_.get(), index_.get()));
  offset_ = size_of(events_.get());
  return {};
}

base::Result<void> RunLogWriter::write(std::span<const RunEvent> events) {
  if (cut_off_) {
    buffer_.clear();
    marks_.clear();
    TRY(go_to_end());
  }
  cut_off_ = true;  // until all is written
  for (const auto& event : events) {
    append(event);
    const auto end = offset_ + buffer_.size();
    if (end / kWrittenAtOnce > offset_ / kWrittenAtOnce)
      TRY(write_front(buffer_.size() - end % kWrittenAtOnce));
  }
  TRY(write_front(buffer_.size()));
  // Marks last: a runner that is killed leaves none of what is not there.
  TRY(base::write_all(index_.get(),
                      {reinterpret_cast<const char*>(marks_.data()), marks_.size() * sizeof(LogMark)}));
  cut_off_ = false;
  marks_.clear();
  return {};
}

base::Result<void> RunLogWriter::write_front(std::size_t count) {
  TRY(base::write_all(events_.get(), std::string_view(buffer_).substr(0, count)));
  buffer_.erase(0, count);
  offset_ += count;
  return {};
}

void RunLogWriter::append(const RunEvent& event) {
  const auto offset = offset_ + buffer_.size();
  const auto [entry, is_new] = jobs_.try_emplace(event.job);
  Lines& job = entry->second;
  if (is_new) job.first_event = offset;
  auto& step_lines = job.of_steps[event.step];
  const auto count = log_lines_of(event);
  if (wants_mark(event, count, job, step_lines)) {
    marks_.push_back({.offset = offset,
                      .job = job.first_event,
                      .run_line = lines_,
                      .job_line = job.count,
                      .step_line = step_lines,
                      .step = static_cast<std::uint32_t>(event.step),
                      .attempt = attempt_});
  }
  append_json_line(buffer_, event);
  buffer_ += '\n';
  lines_ += count;
  job.count += count;
  step_lines += count;
}

base::Result<LogCursor> LogCursor::open(const base::Path& folder, LogSelection selection,
                                        std::uint64_t first_line) {
  LogCursor cursor;
  const auto file = folder / kEventsFile;
  cursor.events_.reset(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!cursor.events_) {
    auto error = base::system_error("cannot read the run's log " + file.string(), errno);
    if (errno == ENOENT) error.kind = base::ErrorKind::not_found;
    return error;
  }
  cursor.selection_ = std::move(selection);
  cursor.first_line_ = std::max<std::uint64_t>(first_line, 1);
  const auto marks = read_marks(folder, size_of(cursor.events_.get()));
  TRY(cursor.choose_attempt(marks));
  cursor.go_to(marks, cursor.first_line_);
  return cursor;
}

base::Result<void> LogCursor::choose_attempt(const std::vector<LogMark>& marks) {
  if (selection_.attempt != 0) return {};
  if (!marks.empty()) {
    selection_.attempt = marks.back().attempt;
    return {};
  }
  // Without an index all of it is read once.
  selection_.attempt = 1;
  std::string text;
  while (true) {
    TRY(const bool more, next_text(text));
    if (!more) break;
    if (text.find("\"run_started\"") == std::string::npos) continue;
    const auto event = parse_event(text);
    if (event && event->type == "run_started") selection_.attempt = attempt_of(*event);
  }
  read_to_ = 0;
  used_ = 0;
  buffer_.clear();
  return {};
}

base::Result<std::optional<RunEvent>> LogCursor::event_at(std::uint64_t offset) const {
  std::string text;
  while (text.find('\n') == std::string::npos) {
    char piece[4096];
    const ssize_t count =
        ::pread(events_.get(), piece, sizeof piece, static_cast<off_t>(offset + text.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0 || text.size() > kLongestEvent) return std::optional<RunEvent>();
    text.append(piece, static_cast<std::size_t>(count));
  }
  auto event = parse_event(std::string_view(text).substr(0, text.find('\n')));
  if (!event) return std::optional<RunEvent>();
  return std::optional(std::move(*event));
}

// The last mark before the line; all that is left to do is to count from there.
void LogCursor::go_to(const std::vector<LogMark>& marks, std::uint64_t first_line) {
  std::map<std::uint64_t, bool> jobs;
  for (const auto& mark : marks) {
    if (mark.attempt == selection_.attempt && !selection_.job.empty()) jobs.try_emplace(mark.job, false);
  }
  int wanted_jobs = 0;
  for (auto& [offset, wanted] : jobs) {
    const auto event = event_at(offset);
    wanted = event && *event && is_job((*event)->job, selection_.job);
    wanted_jobs += wanted ? 1 : 0;
  }
  // Lines of several jobs are not counted together in any mark, nor those of one step in all jobs.
  const bool counts = selection_.job.empty() ? selection_.step < 0 : wanted_jobs == 1;
  const LogMark* best = nullptr;
  std::uint64_t lines_before = 0;
  for (const auto& mark : marks) {
    if (mark.attempt != selection_.attempt) continue;
    if (!selection_.job.empty() && !jobs[mark.job]) continue;
    if (selection_.step >= 0 && mark.step != static_cast<std::uint32_t>(selection_.step)) continue;
    const auto before = selection_.step >= 0      ? mark.step_line
                        : !selection_.job.empty() ? mark.job_line
                                                  : mark.run_line;
    if (best != nullptr && (!counts || before >= first_line)) break;
    // Of those before the same line the first: what the line belongs to begins there.
    if (best != nullptr && before == lines_before) continue;
    best = &mark;
    lines_before = counts ? before : 0;
  }
  if (best == nullptr) return;
  read_to_ = best->offset;
  line_ = lines_before;
  attempt_ = best->attempt;
}

bool LogCursor::is_wanted(const RunEvent& event) const {
  if (selection_.step >= 0 && event.step != selection_.step) return false;
  return selection_.job.empty() || is_job(event.job, selection_.job);
}

base::Result<bool> LogCursor::next_text(std::string& text) {
  while (true) {
    const auto end = buffer_.find('\n', used_);
    if (end != std::string::npos) {
      text.assign(buffer_, used_, end - used_);
      used_ = end + 1;
      return true;
    }
    buffer_.erase(0, std::exchange(used_, 0));
    if (buffer_.size() > kLongestEvent)
      return base::make_error(base::ErrorKind::internal, "an event of the run's log is too long to be one");
    const auto before = buffer_.size();
    buffer_.resize(before + kPieceOfLog);
    ssize_t count = -1;
    while ((count = ::pread(events_.get(), buffer_.data() + before, kPieceOfLog,
                            static_cast<off_t>(read_to_))) < 0 &&
           errno == EINTR) {
    }
    const int reason = errno;
    buffer_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count < 0) return base::system_error("reading the run's log", reason);
    if (count == 0) return false;
    read_to_ += static_cast<std::uint64_t>(count);
  }
}

// The next event of the selection, as lines_.
base::Result<bool> LogCursor::read_event() {
  std::string text;
  while (!over_) {
    TRY(const bool more, next_text(text));
    if (!more) break;
    const auto event = parse_event(text);
    if (!event) {
      damaged_ = true;
      continue;
    }
    if (event->type == "run_started") attempt_ = attempt_of(*event);
    if (attempt_ > selection_.attempt) over_ = true;
    if (attempt_ != selection_.attempt || !is_wanted(*event)) continue;
    lines_ = line_by_line(*event);
    given_ = 0;
    return true;
  }
  return false;
}

base::Result<std::optional<LogEntry>> LogCursor::next() {
  while (true) {
    if (given_ == lines_.size()) {
      TRY(const bool more, read_event());
      if (!more) return std::optional<LogEntry>();
    }
    LogEntry entry{.event = std::move(lines_[given_++])};
    const bool is_line = log_lines_of(entry.event) > 0;
    if (is_line) ++line_;
    if (is_line ? line_ < first_line_ : line_ + 1 < first_line_) continue;
    entry.line = is_line ? line_ : 0;
    return std::optional(std::move(entry));
  }
}

}  // namespace runner
