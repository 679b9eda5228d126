#pragma once
// The event stream of a run as files of its folder: events.jsonl, to which each attempt appends, and
// events.index, by which any line of it is found at once. Not for showing lines (terminal_log).

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/files.h"
#include "base/result.h"
#include "runner/run_event.h"

namespace runner {

inline constexpr const char* kEventsFile = "events.jsonl";

/// Takes the log away; what else is known of the run stays.
base::Result<void> remove_run_log(const base::Path& folder);

/// A place in events.jsonl where reading may begin. Lines are events of the types line and annotation.
struct LogMark {
  std::uint64_t offset = 0;     ///< of an event
  std::uint64_t job = 0;        ///< of the first event of the job it belongs to; tells jobs apart
  std::uint64_t run_line = 0;   ///< how many lines of the attempt come before it
  std::uint64_t job_line = 0;   ///< … of its job
  std::uint64_t step_line = 0;  ///< … of its step
  std::uint32_t step = 0;
  std::uint32_t attempt = 0;
};

/// Appends events and marks. A reader of the event stream, used by one thread.
class RunLogWriter {
 public:
  /// Goes on after what earlier attempts wrote, also when the last of them was cut off in the middle.
  static base::Result<RunLogWriter> open(const base::Path& folder, std::uint32_t attempt);
  /// All of them are in the file when it returns. What a full disk cut off is passed over by the next call.
  base::Result<void> write(std::span<const RunEvent> events);

 private:
  struct Lines {
    std::uint64_t first_event = 0;
    std::uint64_t count = 0;
    std::map<int, std::uint64_t> of_steps;
  };
  RunLogWriter() = default;
  void append(const RunEvent& event);
  base::Result<void> write_front(std::size_t count);
  base::Result<void> go_to_end();
  [[nodiscard]] bool wants_mark(const RunEvent& event, std::uint64_t count, const Lines& job,
                                std::uint64_t step_lines) const;

  base::Fd events_;
  base::Fd index_;
  std::uint64_t offset_ = 0;  ///< of the end of the file
  std::uint64_t lines_ = 0;
  std::uint32_t attempt_ = 1;
  std::string buffer_;          ///< what is not written yet; between two calls nothing
  std::vector<LogMark> marks_;  ///< likewise
  bool cut_off_ = false;
  std::map<std::string, Lines, std::less<>> jobs_;
};

/// Which events of a run are wanted.
struct LogSelection {
  std::uint32_t attempt = 0;  ///< 0 is the last one
  std::string job;            ///< a key, or an id that stands for all its legs; "" is all
  int step = -1;              ///< 0 is what no step says; -1 is all
};

struct LogEntry {
  RunEvent event;
  std::uint64_t line = 0;  ///< counted within the selection, from 1; 0 when it is no line
};

/// Reads the events of a selection in order, and on as they are written.
class LogCursor {
 public:
  /// Before the given line (1 is the first). not_found when there is no log.
  static base::Result<LogCursor> open(const base::Path& folder, LogSelection selection,
                                      std::uint64_t first_line = 1);
  /// The next one; nothing at what is the end by now, or of the attempt. Lines that are no events are passed
  /// over.
  base::Result<std::optional<LogEntry>> next();
  /// A later attempt has begun: nothing comes any more.
  [[nodiscard]] bool is_over() const { return over_; }
  /// Something that is no event was passed over: the log is not whole.
  [[nodiscard]] bool is_damaged() const { return damaged_; }
  /// That is read, by now.
  [[nodiscard]] std::uint32_t attempt() const { return selection_.attempt; }

 private:
  LogCursor() = default;
  base::Result<void> choose_attempt(const std::vector<LogMark>& marks);
  void go_to(const std::vector<LogMark>& marks, std::uint64_t first_line);
  [[nodiscard]] bool is_wanted(const RunEvent& event) const;
  base::Result<bool> read_event();
  base::Result<bool> next_text(std::string& text);
  base::Result<std::optional<RunEvent>> event_at(std::uint64_t offset) const;

  base::Fd events_;
  LogSelection selection_;
  std::uint64_t first_line_ = 1;
  std::uint64_t line_ = 0;       ///< of the selection, so far
  std::uint32_t attempt_ = 0;    ///< where the reading is
  std::uint64_t read_to_ = 0;    ///< of the file
  std::string buffer_;           ///< read and not given out
  std::size_t used_ = 0;         ///< of the buffer
  std::vector<RunEvent> lines_;  ///< of the event that was read last
  std::size_t given_ = 0;        ///< of these
  bool over_ = false;
  bool damaged_ = false;
};

/// How many lines of the log the event is; 0 when it is none.
std::uint64_t log_lines_of(const RunEvent& event);

}  // namespace runner
