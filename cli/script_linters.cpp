#include "cli/script_linters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <optional>
#include <thread>

#include "base/json.h"
#include "base/process.h"
#include "base/strings.h"
#include "workflow/lint/rule_ids.h"

namespace cli {

using workflow::Diagnostics;
using workflow::Severity;

namespace {

constexpr std::chrono::seconds kTimeLimit{20};
constexpr std::size_t kMostFindings = 200;  ///< of one script
constexpr unsigned kMostAtATime = 8;
constexpr std::size_t kLongestMessage = 500;

// What only follows from expressions being underscores here (SC2050, SC2157, SC2194: constants; SC2043: a
// loop over one of them), from files that are not there yet (SC1091), and from variables that the environment
// sets (SC2153, SC2154).
constexpr const char* kNotOfScripts = "SC1091,SC2043,SC2050,SC2153,SC2154,SC2157,SC2194";

struct Linters {
  std::optional<base::Path> shellcheck = base::find_program("shellcheck");
  std::optional<base::Path> pyflakes = base::find_program("pyflakes3");

  Linters() {
    if (!pyflakes) pyflakes = base::find_program("pyflakes");
  }
};

struct Findings {
  Diagnostics problems;
  std::string complaint;  ///< why the linter could not do its work
};

bool is_python(std::string_view shell) {
  if (!shell.starts_with("python")) return false;
  return shell.substr(6).find_first_not_of("0123456789.") == std::string_view::npos;
}

bool is_posix_shell(std::string_view shell) {
  constexpr std::array<std::string_view, 4> kShells{"bash", "sh", "dash", "ksh"};
  return std::find(kShells.begin(), kShells.end(), shell) != kShells.end();
}

void add(Findings& findings, const LintedScript& linted, int line, int column, std::string_view message,
         std::string_view rule) {
  if (findings.problems.size() >= kMostFindings) return;
  const auto place = linted.script.place_of(std::max(line, 1), std::max(column, 1));
  findings.problems.push_back({{linted.file, place.line, place.column},
                               std::string(base::clipped(message, kLongestMessage)),
                               rule,
                               Severity::warning});
}

base::Result<base::ProcessResult> run_on(std::vector<std::string> argv, std::string input) {
  return base::run_process({.argv = std::move(argv),
                            .environment = std::vector<std::string>{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"},
                            .input = std::move(input),
                            .timeout = kTimeLimit});
}

// How the runner starts the shell, so that a `cd` that fails is known to end the script.
std::string first_line_for(std::string_view shell) {
  return shell == "bash" ? "set -eo pipefail\n" : "set -e\n";
}

void run_shellcheck(const base::Path& program, const LintedScript& linted, Findings& findings) {
  const auto& script = linted.script;
  const auto done = run_on({program.string(), "--norc", "--format=json1", "--shell=" + script.shell,
                            std::string("--exclude=") + kNotOfScripts, "-"},
                           first_line_for(script.shell) + script.text);
  if (!done) {
    findings.complaint = done.error().to_string();
    return;
  }
  const auto json = base::parse_json(done->output);
  if (!json || !base::json_member(*json, "comments").is_array()) {
    findings.complaint = fmt::format("shellcheck ended with exit code {} and said: {}", done->exit_code,
                                     done->output.substr(0, kLongestMessage));
    return;
  }
  for (const auto& comment : base::json_member(*json, "comments")) {
    const auto line = static_cast<int>(base::json_integer(comment, "line"));
    add(findings, linted, line - 1, static_cast<int>(base::json_integer(comment, "column")),
        fmt::format("SC{}: {}", base::json_integer(comment, "code"), base::json_string(comment, "message")),
        workflow::lint::kShellcheck);
  }
}

// An expression is a name of underscores here, and no program defines that.
bool speaks_of_an_expression(std::string_view message) {
  constexpr std::string_view kShortest = "'______";
  const auto name = message.find(kShortest);
  return name != std::string_view::npos && message.starts_with("undefined name");
}

// <stdin>:LINE:COLUMN: MESSAGE; of a syntax error the source follows.
void read_pyflakes_line(std::string_view text, const LintedScript& linted, Findings& findings) {
  constexpr std::string_view kStart = "<stdin>:";
  if (!text.starts_with(kStart)) return;
  text.remove_prefix(kStart.size());
  const auto space = text.find(": ");
  if (space == std::string_view::npos) return;
  const auto message = text.substr(space + 2);
  const auto numbers = base::split(text.substr(0, space), ':');
  const auto line = base::parse_integer(numbers[0]).value_or(1);
  const auto column = numbers.size() > 1 ? base::parse_integer(numbers[1]).value_or(1) : 1;
  if (speaks_of_an_expression(message)) return;
  add(findings, linted, static_cast<int>(std::clamp<std::int64_t>(line, 1, 1'000'000)),
      static_cast<int>(std::clamp<std::int64_t>(column, 1, 1'000'000)), message, workflow::lint::kPyflakes);
}

void run_pyflakes(const base::Path& program, const LintedScript& linted, Findings& findings) {
  const auto done = run_on({program.string()}, linted.script.text);
  if (!done) {
    findings.complaint = done.error().to_string();
    return;
  }
  for (const auto line : base::lines_of(done->output)) read_pyflakes_line(line, linted, findings);
  if (done->exit_code > 1) {
    findings.complaint = fmt::format("pyflakes ended with exit code {} and said: {}", done->exit_code,
                                     done->output.substr(0, kLongestMessage));
  }
}

Findings lint_script(const Linters& linters, const LintedScript& linted) {
  Findings findings;
  const auto& shell = linted.script.shell;
  if (linted.shellcheck && linters.shellcheck && is_posix_shell(shell))
    run_shellcheck(*linters.shellcheck, linted, findings);
  if (linted.pyflakes && linters.pyflakes && is_python(shell))
    run_pyflakes(*linters.pyflakes, linted, findings);
  return findings;
}

}  // namespace

Diagnostics run_script_linters(const std::vector<LintedScript>& scripts) {
  const Linters linters;
  if (!linters.shellcheck && !linters.pyflakes) return {};
  std::vector<Findings> found(scripts.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < scripts.size(); i = next++) found[i] = lint_script(linters, scripts[i]);
  };
  const auto processors = std::clamp(std::thread::hardware_concurrency(), 1U, kMostAtATime);
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < std::min<std::size_t>(processors, scripts.size()); ++i)
    threads.emplace_back(work);
  work();
  for (auto& thread : threads) thread.join();
  Diagnostics problems;
  bool complained = false;
  for (auto& findings : found) {
    problems.insert(problems.end(), findings.problems.begin(), findings.problems.end());
    // One is enough: the next scripts fare no better.
    if (!findings.complaint.empty() && !std::exchange(complained, true))
      fmt::print(stderr, "pipeline: scripts were not checked as they could be: {}\n", findings.complaint);
  }
  return problems;
}

}  // namespace cli
