#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/similar_name.h"
#include "base/strings.h"
#include "workflow/expression/template.h"
#include "workflow/lint/places.h"
#include "workflow/lint/rules.h"
#include "workflow/lint/runner_labels.h"

namespace workflow::lint {

namespace {

// docs.github.com workflow-syntax "jobs.<job_id>.steps[*].shell".
std::vector<std::string> shells_on(OperatingSystem system) {
  switch (system) {
    case OperatingSystem::windows:
      return {"bash", "cmd", "powershell", "pwsh", "python"};
    case OperatingSystem::linux:
    case OperatingSystem::macos:
      return {"bash", "pwsh", "python", "sh"};
    case OperatingSystem::unknown:
      break;
  }
  return {"bash", "cmd", "powershell", "pwsh", "python", "sh"};
}

std::string_view name_of_system(OperatingSystem system) {
  if (system == OperatingSystem::windows) return "Windows";
  return system == OperatingSystem::macos ? "macOS" : "Linux";
}

bool is_one_of(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void check_shell(const LintedFile& file, const std::optional<Text>& written, OperatingSystem system,
                 Diagnostics& findings) {
  if (!written || written->text.empty() || expression::has_expression(written->text)) return;
  const auto shell = place_of(*written);
  if (shell.text.find("{0}") != std::string::npos) return;
  const auto name = base::to_lower(shell.text);
  const auto known = shells_on(system);
  if (is_one_of(known, name)) return;
  const auto anywhere = shells_on(OperatingSystem::unknown);
  const auto words = base::split(name, ' ');
  const auto near = base::similar_name(name, known);
  std::string advice = fmt::format("expected one of: {}, or a command with {{0}} for the script's file",
                                   base::join(known, ", "));
  if (words.size() > 1 && is_one_of(anywhere, words[0])) {
    advice = fmt::format("a shell with options needs {{0}} for the script's file: '{} {{0}}'", shell.text);
  } else if (near) {
    advice = fmt::format("did you mean '{}'?", *near);
  }
  report(file, findings, shell,
         is_one_of(anywhere, name) ? fmt::format("there is no shell '{}' on {}; expected one of: {}",
                                                 shell.text, name_of_system(system), base::join(known, ", "))
                                   : fmt::format("there is no shell '{}'; {}", shell.text, advice));
}

}  // namespace

void check_shells(const LintedFile& file, Diagnostics& findings) {
  check_shell(file, file.draft.workflow.defaults.shell, OperatingSystem::unknown, findings);
  for (const auto& job : file.draft.workflow.jobs) {
    const auto system = operating_system_of(job);
    check_shell(file, job.defaults.shell, system, findings);
    for (const auto& step : job.steps) {
      check_shell(file, step.shell, system, findings);
      for (const auto& inner : step.parallel) check_shell(file, inner.shell, system, findings);
    }
  }
}

}  // namespace workflow::lint
