#include "runner/github_log.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "runner/run_summary.h"

namespace runner {

namespace {

// As the runner writes the lines of a script (ScriptHandler.cs).
constexpr std::string_view kBrightCyan = "\x1b[36;1m";
constexpr std::string_view kNoStyle = "\x1b[0m";

}  // namespace

void GithubLog::put(const RunEvent& event, const std::string& step, std::string_view line) {
  const std::string text =
      fmt::format("{}\t{}\t{} {}\n", event.job, step, base::format_iso8601(event.time), line);
  std::fwrite(text.data(), 1, text.size(), out_);
}

void GithubLog::operator()(const RunEvent& raw) {
  RunEvent event = printable_event(raw);
  event.job = base::replace_all(event.job, "\t", " ");
  const std::pair<std::string, int> key{event.job, event.step};
  if (event.type == "step_started") {
    steps_[key] = base::replace_all(base::replace_all(event.text, "\n", " "), "\t", " ");
  } else if (event.type == "line" || event.type == "annotation") {
    if (event.kind == steps::LineKind::debug && !debug_) return;
    const auto step = steps_.find(key);
    const std::string name = step == steps_.end() ? "Set up job" : step->second;
    auto tag = tag_of_kind(event.kind);
    const bool script = event.kind == steps::LineKind::script;
    for (const auto& line : base::split(event.text, '\n')) {
      if (script) {
        put(event, name, fmt::format("{}{}{}", kBrightCyan, line, kNoStyle));
        continue;
      }
      put(event, name, fmt::format("{}{}", tag, line));
      tag = "";
    }
  } else if (event.type == "job_finished") {
    put(event, "Complete job", fmt::format("Job {}", event.text));
  }
  std::fflush(out_);
}

}  // namespace runner
