#pragma once
// Everything a run does is an event in one append-only stream; the terminal, the JSON output, the history and
// the summary are readers of it. Events are masked before they come here.

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json_fwd.h"
#include "base/result.h"
#include "steps/log_sink.h"

namespace runner {

/// One thing that happened. `type` is one of run_started, run_waiting, run_finished, job_waiting,
/// job_started, job_finished, step_started, step_skipped, step_finished, line, annotation, or what a step
/// reported (deployment, rollout, image_pushed …). An event of the type line holds one line or, of output
/// and details, more with "\n" between them. A step_started of the runner's own steps has `"by": "runner"`.
struct RunEvent {
  base::WallTime time;
  std::string type;
  std::string job;  ///< job id; empty for the run itself
  int step = 0;     ///< 1-based; 0 is outside the steps
  steps::LineKind kind = steps::LineKind::output;
  std::string text;                           ///< a line, a name, a conclusion: what the type is about
  std::size_t lines = 1;                      ///< count_lines, set by publish and parse_event
  std::shared_ptr<const base::Json> details;  ///< more fields; may be null
};

/// As one JSON object on one line, without the newline. Invalid UTF-8 is replaced.
std::string to_json_line(const RunEvent& event);
/// The same at the end of `line`, whose memory may be used again.
void append_json_line(std::string& line, const RunEvent& event);
/// An event for each line of it; itself when it holds no more than one.
std::vector<RunEvent> line_by_line(const RunEvent& event);
/// How many lines the event's text holds: more than one only in events of the type line.
std::size_t count_lines(const RunEvent& event);
/// The last `most` lines of its text, oldest first; parts of the event, which has to live as long.
std::vector<std::string_view> last_lines(const RunEvent& event, std::size_t most);

/// What to_json_line made; an Error when it is no event.
base::Result<RunEvent> parse_event(std::string_view line);

/// Hands each event to every reader, one at a time, in order.
class EventStream {
 public:
  using Reader = std::function<void(const RunEvent&)>;
  /// Before the run starts; the reader is called from any thread, never from two at once.
  void add_reader(Reader reader);
  /// The one that the event itself goes to, after all readers; as for them.
  void pass_on_to(std::function<void(RunEvent)> keeper) { keeper_ = std::move(keeper); }
  void publish(RunEvent event);
  void publish(std::string type, std::string job, std::string text, const base::Json& details);

 private:
  std::mutex mutex_;
  std::vector<Reader> readers_;
  std::function<void(RunEvent)> keeper_;
};

}  // namespace runner
