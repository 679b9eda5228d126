#pragma once
// Where a job's output goes, one of the six interfaces. What comes here is not masked yet: the real one
// (runner/job_log) masks before anything is shown or kept. Tests use tests/fakes/fake_log_sink.h.

#include <map>
#include <string>

#include "base/json_fwd.h"

namespace steps {

/// How a line is shown; the names are the tags of the runner's log (`##[error]` …). A detail is what a step
/// was started with: without a tag, and of interest only to those who ask. A script is the text of a `run`,
/// which GitHub's log has in bright cyan.
enum class LineKind { output, detail, command, group, endgroup, debug, notice, warning, error, script };

/// A message tied to the step and perhaps to a place in a file.
struct Annotation {
  LineKind level = LineKind::error;  ///< notice, warning or error
  std::string message;
  std::string title;
  std::string file;
  int line = 0, end_line = 0, column = 0, end_column = 0;
  std::string code;      ///< of a problem matcher
  std::string log_line;  ///< what the log has in place of the message: the line that was matched
};

class LogSink {
 public:
  virtual ~LogSink() = default;
  /// One line without its newline; of details perhaps more, with "\n" between them. Called from several
  /// threads.
  virtual void line(LineKind kind, std::string_view text) = 0;
  /// One or more lines of output with "\n" between them, as LineSplitter passes them. Called from several
  /// threads.
  virtual void output(std::string_view lines) = 0;
  /// Kept with the step; also shown as a line by the sink.
  virtual void annotation(const Annotation& annotation) = 0;
  /// A thing that happened, for the event stream: type `deployment`, `image_pushed`, `rollout` …
  virtual void event(std::string_view type, const base::Json& details) = 0;
};

}  // namespace steps
