#include "steps/step_log.h"

#include <fmt/format.h>

#include "base/process.h"
#include "base/strings.h"
#include "steps/script.h"

namespace steps {
namespace {

void show_pairs(LogSink& log, std::string_view title, const std::map<std::string, std::string>& pairs) {
  if (pairs.empty()) return;
  log.line(LineKind::detail, fmt::format("{}:", title));
  for (const auto& [name, value] : pairs) {
    const std::vector<std::string_view> lines = base::lines_of(value);
    log.line(LineKind::detail, fmt::format("  {}: {}", name, lines.empty() ? "" : lines[0]));
    for (std::size_t i = 1; i < lines.size(); ++i) log.line(LineKind::detail, fmt::format("  {}", lines[i]));
  }
}

/// What the workflow and its steps set; what the runner gives every job is no news.
sandbox::EnvVars shown_environment(const StepRun& run) {
  sandbox::EnvVars shown = run.environment;
  for (const char* name : {"HOME", "PATH", "LC_CTYPE", "SHELL", "PIPELINE_DOCKER_SOCKET"}) shown.erase(name);
  return shown;
}

/// A program of the usual folders is shown with its path.
std::vector<std::string> shown_argv(std::vector<std::string> argv) {
  if (argv.empty()) return argv;
  if (const auto path = base::find_program(argv[0], "/usr/local/bin:/usr/bin:/bin")) argv[0] = path->string();
  return argv;
}

}  // namespace

std::string run_title(std::string_view script) {
  const std::size_t begin = script.find_first_not_of(" \t\r\n");
  script = begin == std::string_view::npos ? "" : script.substr(begin);
  return fmt::format("Run {}", base::trim(script.substr(0, script.find('\n'))));
}

void open_script_log(const StepRun& run, const std::string& script, const std::vector<std::string>& argv) {
  LogSink& log = *run.job.log;
  log.line(LineKind::group, run_title(script));
  for (std::string_view line : base::lines_of(script)) log.line(LineKind::command, line);
  log.line(LineKind::detail, fmt::format("shell: {}", shell_line(shown_argv(argv))));
  show_pairs(log, "env", shown_environment(run));
  log.line(LineKind::endgroup, "");
}

void open_action_log(const StepRun& run, const std::string& uses) {
  LogSink& log = *run.job.log;
  log.line(LineKind::group, fmt::format("Run {}", uses));
  show_pairs(log, "with", run.with);
  show_pairs(log, "env", shown_environment(run));
  log.line(LineKind::endgroup, "");
}

}  // namespace steps
