#include "server/run_outline.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "base/json.h"
#include "runner/run_log.h"

namespace server {

namespace {

using base::Json;

// The keys of the legs of the jobs that a job needs.
Json needed_keys(const workflow::Plan& plan, const workflow::JobGroup& group) {
  Json keys = Json::array();
  for (const auto& other : plan.groups) {
    if (std::find(group.needs.begin(), group.needs.end(), other.job->id) == group.needs.end()) continue;
    if (other.legs.empty()) keys.push_back(other.job->id);
    for (const auto& leg : other.legs) keys.push_back(leg.key);
  }
  return keys;
}

}  // namespace

base::Result<std::unique_ptr<OutlineWriter>> OutlineWriter::open(const base::Path& run_folder) {
  const auto path = run_folder / kOutlineFile;
  base::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file) return base::system_error("cannot write " + path.string(), errno);
  return std::unique_ptr<OutlineWriter>(new OutlineWriter(std::move(file)));
}

void OutlineWriter::write_plan(const workflow::Plan& plan, std::int64_t run_attempt) {
  Json jobs = Json::array();
  for (const auto& group : plan.groups) {
    const auto needs = needed_keys(plan, group);
    // Whose matrix is not known yet is one job until it is.
    if (group.legs.empty())
      jobs.push_back({{"key", group.job->id}, {"name", group.job->id}, {"needs", needs}});
    for (const auto& leg : group.legs)
      jobs.push_back({{"key", leg.key}, {"name", leg.name}, {"needs", needs}});
  }
  const Json entry = {{"time", base::format_iso8601(base::system_clock().now())},
                      {"type", "plan"},
                      {"run_attempt", run_attempt},
                      {"jobs", std::move(jobs)}};
  const std::lock_guard lock(mutex_);
  append(base::to_text(entry));
}

void OutlineWriter::operator()(const runner::RunEvent& event) {
  const std::lock_guard lock(mutex_);
  auto& lines = jobs_[event.job];
  if (event.type == "line") {
    lines.count += runner::log_lines_of(event);
    return;
  }
  if (!event.job.empty()) tell_lines(event.job, lines);
  lines.count += runner::log_lines_of(event);
  append(runner::to_json_line(event));
}

void OutlineWriter::flush() {
  const std::lock_guard lock(mutex_);
  for (auto& [job, lines] : jobs_) {
    if (!job.empty()) tell_lines(job, lines);
  }
}

void OutlineWriter::tell_lines(const std::string& job, JobLines& lines) {
  if (lines.told == lines.count) return;
  lines.told = lines.count;
  append(base::to_text({{"type", "log"}, {"job", job}, {"lines", lines.count}}));
}

// What cannot be written now is in the log all the same.
void OutlineWriter::append(const std::string& line) {
  (void)base::write_all(file_.get(), line + "\n");
}

}  // namespace server
