#pragma once
// A run without its log lines: outline.jsonl in the run's folder, small however much the run says. From it
// come the jobs and steps that the API and the page show. Not the log itself (runner/run_log).

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/fd.h"
#include "base/files.h"
#include "base/json_fwd.h"
#include "base/result.h"
#include "runner/run_event.h"
#include "workflow/plan.h"

namespace server {

inline constexpr const char* kOutlineFile = "outline.jsonl";

/// Appends the plan, then the events that are no lines, and now and then how long the logs of jobs are by
/// then.
class OutlineWriter {
 public:
  static base::Result<std::unique_ptr<OutlineWriter>> open(const base::Path& run_folder);
  void write_plan(const workflow::Plan& plan, std::int64_t run_attempt);
  /// A reader of the run's events.
  void operator()(const runner::RunEvent& event);
  /// Tells of lines that were not told of yet; from any thread.
  void flush();

 private:
  struct JobLines {
    std::uint64_t count = 0;
    std::uint64_t told = 0;
  };
  explicit OutlineWriter(base::Fd file) : file_(std::move(file)) {}
  void tell_lines(const std::string& job, JobLines& lines);
  void append(const std::string& line);

  std::mutex mutex_;
  base::Fd file_;
  std::map<std::string, JobLines> jobs_;
};

/// `{jobs, annotations, rollouts, summary, waits_for}` of an attempt, as docs/openapi.yaml has them. One that
/// has not begun has none.
base::Result<base::Json> read_outline(const base::Path& run_folder, std::int64_t run_attempt);

}  // namespace server
