#include "steps/step_log.h"

#include <fcntl.h>
#include <fmt/format.h>

#include "base/process.h"
#include "base/strings.h"
#include "steps/job_files.h"
#include "steps/script.h"

namespace steps {
namespace {

/// `  NAME: value`; further lines of a value stand as they are.
void show_pairs(LogSink& log, std::string_view title, const auto& pairs) {
  if (pairs.empty()) return;
  log.line(LineKind::detail, fmt::format("{}:", title));
  for (const auto& [name, value] : pairs) {
    for (const std::string& line : base::split(fmt::format("  {}: {}", name, value), '\n'))
      log.line(LineKind::detail, line);
  }
}

/// Where a step has put a program into a folder that it added to PATH; empty: in none of them.
std::string path_among_added(const RunningJob& job, const std::string& program) {
  for (const auto& folder : job.search_path) {
    auto inside = folder + "/" + program;
    const auto location = to_host(job.folders, inside);
    if (!location) continue;
    const auto shared = base::open_directory(location->folder);
    if (shared && base::open_beneath(shared->get(), location->relative, O_PATH | O_NOFOLLOW | O_CLOEXEC))
      return inside;
  }
  return "";
}

/// On the machine itself a program is shown with its path, as actions/runner does.
std::vector<std::string> shown_argv(const RunningJob& job, std::vector<std::string> argv) {
  if (argv.empty() || job.root == JobRoot::container || argv[0].find('/') != std::string::npos) return argv;
  if (auto added = path_among_added(job, argv[0]); !added.empty()) {
    argv[0] = std::move(added);
  } else if (const auto path = base::find_program(argv[0], "/usr/local/bin:/usr/bin:/bin")) {
    argv[0] = path->string();
  }
  return argv;
}

}  // namespace

std::string run_title(std::string_view script) {
  const std::size_t begin = script.find_first_not_of(" \t\r\n");
  script = begin == std::string_view::npos ? "" : script.substr(begin);
  return fmt::format("Run {}", script.substr(0, script.find_first_of("\r\n")));
}

void open_script_log(const StepRun& run, const std::string& script, const std::vector<std::string>& argv) {
  LogSink& log = *run.job.log;
  log.line(LineKind::group, run_title(script));
  std::string text = base::replace_all(script, "\r\n", "\n");
  text.resize(text.find_last_not_of('\n') + 1);
  for (const std::string& line : base::split(text, '\n')) log.line(LineKind::script, line);
  log.line(LineKind::detail, fmt::format("shell: {}", shell_line(shown_argv(run.job, argv))));
  show_pairs(log, "env", run.environment);
  log.line(LineKind::endgroup, "");
}

void open_action_log(const StepRun& run, const std::string& uses, const Outputs& inputs) {
  LogSink& log = *run.job.log;
  log.line(LineKind::group, fmt::format("Run {}", uses));
  std::vector<std::pair<std::string, std::string>> given;
  for (const auto& [name, value] : inputs) {
    if (!value.empty()) given.emplace_back(name, value);
  }
  show_pairs(log, "with", given);
  show_pairs(log, "env", run.environment);
  log.line(LineKind::endgroup, "");
}

}  // namespace steps
