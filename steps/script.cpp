#include "steps/script.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "base/crypto.h"
#include "base/strings.h"
#include "steps/job_files.h"

namespace steps {
namespace {

constexpr std::string_view kPlaceholder = "{0}";

struct KnownShell {
  std::string_view name;
  std::string_view arguments;
  std::string_view extension;
};
constexpr std::array<KnownShell, 6> kShells = {{
    {"bash", "--noprofile --norc -e -o pipefail {0}", ".sh"},
    {"sh", "-e {0}", ".sh"},
    {"python", "{0}", ".py"},
    {"pwsh", "-command \". '{0}'\"", ".ps1"},
    {"powershell", "-command \". '{0}'\"", ".ps1"},
    {"cmd", "/D /E:ON /V:OFF /S /C \"CALL \"{0}\"\"", ".cmd"},
}};

const KnownShell* find_shell(std::string_view name) {
  for (const KnownShell& shell : kShells) {
    if (base::equals_ignoring_case(shell.name, name)) return &shell;
  }
  return nullptr;
}

/// Splits at spaces; double quotes keep together what is between them.
std::vector<std::string> split_arguments(std::string_view text) {
  std::vector<std::string> arguments;
  std::string current;
  bool quoted = false;
  bool started = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && i + 1 < text.size() && text[i + 1] == '"') {
      current += text[++i];
      started = true;
    } else if (c == '"') {
      quoted = !quoted;
      started = true;
    } else if ((c == ' ' || c == '\t') && !quoted) {
      if (started) arguments.push_back(std::exchange(current, {}));
      started = false;
    } else {
      current += c;
      started = true;
    }
  }
  if (started) arguments.push_back(std::move(current));
  return arguments;
}

std::string fixed_up(std::string_view shell, std::string_view script) {
  if (base::equals_ignoring_case(shell, "pwsh") || base::equals_ignoring_case(shell, "powershell")) {
    return fmt::format(
        "$ErrorActionPreference = 'stop'\n{}\n"
        "if ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) {{ exit $LASTEXITCODE }}",
        script);
  }
  if (base::equals_ignoring_case(shell, "cmd")) return fmt::format("@echo off\n{}", script);
  return std::string(script);
}

}  // namespace

base::Result<ShellPlan> plan_script(std::string_view script, std::string_view shell, JobRoot root) {
  shell = base::trim(shell);
  if (shell.empty() && root == JobRoot::container)
    return ShellPlan{{"sh", "-e", "{0}"}, ".sh", std::string(script), {}};
  if (shell.empty()) {
    return ShellPlan{{"bash", "-e", "{0}"}, ".sh", std::string(script), {"sh", "-e", "{0}"}};
  }
  const std::size_t space = shell.find(' ');
  const std::string_view program = shell.substr(0, space);
  const KnownShell* known = find_shell(program);
  std::string_view arguments = space == std::string_view::npos ? "" : base::trim(shell.substr(space + 1));
  if (arguments.empty() && known != nullptr) arguments = known->arguments;
  if (arguments.find(kPlaceholder) == std::string_view::npos) {
    return base::make_error(base::ErrorKind::invalid_input,
                            "Invalid shell option. Shell must be a valid built-in (bash, sh, cmd, "
                            "powershell, pwsh) or a format string containing '{0}'");
  }
  ShellPlan plan;
  plan.argv = split_arguments(arguments);
  plan.argv.insert(plan.argv.begin(), std::string(program));
  // Hosted runners have both names, Debian and its kin only the newer.
  if (base::equals_ignoring_case(program, "python")) {
    plan.fallback = plan.argv;
    plan.fallback.front() = "python3";
  }
  plan.extension = known != nullptr ? known->extension : "";
  plan.script = fixed_up(program, script);
  return plan;
}

std::string shell_line(const std::vector<std::string>& argv) {
  return base::join(argv, " ");
}

std::vector<std::string> with_script_path(const std::vector<std::string>& argv, const std::string& path) {
  std::vector<std::string> result;
  result.reserve(argv.size());
  for (const std::string& argument : argv) result.push_back(base::replace_all(argument, kPlaceholder, path));
  return result;
}

base::Result<ScriptFile> ScriptFile::write(const RunningJob& job, const ShellPlan& plan) {
  ScriptFile file;
  TRY(auto directory, base::open_directory(job.folders.temp.host));
  const std::string name = base::random_uuid() + plan.extension;
  TRY(create_file_for_steps(directory.get(), name, plan.script, 0755, job.services->host_uid)
          .while_doing("writing the step's script"));
  file.folder_ = job.folders.temp.host;
  file.name_ = name;
  file.inside_ = job.folders.temp.inside + "/" + name;
  return file;
}

ScriptFile::~ScriptFile() {
  if (name_.empty()) return;
  auto directory = base::open_directory(folder_);
  if (directory) unlinkat(directory->get(), name_.c_str(), 0);
}

}  // namespace steps
