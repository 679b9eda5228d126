// actions/setup-python: the machine's Python that fits, first on PATH under the names the original gives it.

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/strings.h"
#include "steps/builtin/aws_session.h"
#include "steps/builtin/found_tool.h"
#include "steps/builtin/package_cache.h"
#include "steps/job_files.h"

namespace steps::builtin {
namespace {

constexpr std::string_view kPythonProbe =
    "import os, platform, site, sys; print(platform.python_version()); print(sys.executable); "
    "print(os.access(site.getsitepackages()[0], os.W_OK))";

// A traceback's place, and the message of a raise in one line (setup-python .github/python.json).
constexpr std::string_view kPythonMatcher = R"JSON({"problemMatcher": [{"owner": "python", "pattern": [
  {"regexp": "^\\s*File\\s\\\"(.*)\\\",\\sline\\s(\\d+),\\sin\\s(.*)$", "file": 1, "line": 2},
  {"regexp": "^\\s*raise\\s(.*)\\(\\'(.*)\\'\\)$", "message": 2}]}]})JSON";

/// Symlinks and scripts in `tool_cache/Python/<version>/x64/bin`, a folder to put on PATH.
struct PythonFolder {
  std::string location;  ///< as the steps see it, without /bin
  base::Fd bin;
};
base::Result<PythonFolder> make_python_folder(const Version& version, RunningJob& job) {
  const std::string relative = fmt::format("Python/{}/x64", to_string(version));
  TRY(auto cache, base::open_directory(job.folders.tool_cache.host));
  TRY(auto folder, make_folder_for_steps(cache.get(), relative + "/bin", job.services->host_uid));
  return PythonFolder{job.folders.tool_cache.inside + "/" + relative, std::move(folder)};
}

base::Result<void> link_python(const PythonFolder& folder, const char* name, const std::string& executable) {
  // A step may have called this action before.
  unlinkat(folder.bin.get(), name, 0);
  if (symlinkat(executable.c_str(), folder.bin.get(), name) != 0 && errno != EEXIST) {
    return base::system_error(fmt::format("making {}/bin/{}", folder.location, name), errno);
  }
  return {};
}

base::Result<void> fill_python_folder(const PythonFolder& folder, const FoundTool& tool,
                                      std::uint32_t owner) {
  TRY(link_python(folder, "python", tool.executable));
  TRY(link_python(folder, "python3", tool.executable));
  const std::string pip = fmt::format("#!/bin/sh\nexec '{}' -m pip \"$@\"\n", tool.executable);
  TRY(create_file_for_steps(folder.bin.get(), "pip", pip, 0755, owner));
  return create_file_for_steps(folder.bin.get(), "pip3", pip, 0755, owner);
}

std::vector<std::string> python_versions_in(std::string_view name, std::string_view text) {
  if (name.ends_with(".toml")) {
    const std::string_view project = toml_section(text, "project");
    std::string range = project.empty()
                            ? value_of_line(toml_section(text, "tool.poetry.dependencies"), "python")
                            : value_of_line(project, "requires-python");
    return {base::replace_all(range, ",", " ")};
  }
  if (name.find(".tool-versions") != std::string_view::npos) return {value_of_line(text, "python")};
  if (name.find("Pipfile") != std::string_view::npos) {
    const std::string_view required = toml_section(text, "requires");
    const std::string full = value_of_line(required, "python_full_version");
    return {full.empty() ? value_of_line(required, "python_version") : full};
  }
  std::vector<std::string> versions;
  for (const std::string_view line : base::lines_of(text)) {
    const std::string_view version = base::trim(line);
    // pyenv's pointers name what is made of a version: 3.10/envs/name.
    if (!version.empty() && !version.starts_with('#'))
      versions.emplace_back(version.substr(0, version.find('/')));
  }
  return versions;
}

base::Result<std::vector<WantedVersion>> wanted_pythons(const ActionCall& call, RunningJob& job) {
  TRY(auto wanted, read_wanted_versions(call, job, "python", python_versions_in));
  if (!wanted.empty()) return wanted;
  if (auto found = read_version_file(job, ".python-version", "python", python_versions_in)) return found;
  warn(job,
       "Neither python-version nor python-version-file is given and there is no .python-version: the Python "
       "on PATH is used");
  return std::vector<WantedVersion>{{"*", "no version given"}};
}

std::vector<FoundTool> find_pythons(const std::vector<WantedVersion>& wanted, const ActionCall& call,
                                    RunningJob& job) {
  std::vector<std::string> names;
  for (const WantedVersion& one : wanted) {
    const auto version = find_version(one.text);
    if (version) names.push_back(fmt::format("python{}.{}", version->parts[0], version->parts[1]));
  }
  names.insert(names.end(), {"python3", "python"});
  std::vector<FoundTool> found;
  for (const std::string& name : names) {
    auto tool = probe_tool({name, "-c", std::string(kPythonProbe)}, call, job);
    if (!tool) continue;
    bool known = false;
    for (const FoundTool& other : found) known = known || other.version == tool->version;
    if (!known) found.push_back(std::move(*tool));
  }
  return found;
}

/// What later steps see of this Python; the last of several wins.
void set_environment(const FoundTool& tool, const std::string& location, const RunningJob& job,
                     ActionOutcome& outcome) {
  outcome.search_path.push_back(location + "/bin");
  outcome.environment = {{"pythonLocation", location},
                         {"Python_ROOT_DIR", location},
                         {"Python2_ROOT_DIR", location},
                         {"Python3_ROOT_DIR", location}};
  if (tool.more.empty() || tool.more[0] != "False") return;
  // The machine's packages cannot be changed from here, so what pip installs goes to the job's own folder,
  // and Debian's guard of the former has nothing to guard.
  const std::string packages = job.folders.temp.inside + "/python-packages";
  outcome.environment.emplace_back("PYTHONUSERBASE", packages);
  outcome.environment.emplace_back("PIP_BREAK_SYSTEM_PACKAGES", "1");
  outcome.search_path.push_back(packages + "/bin");
}

void use_python_cache(const FoundTool& tool, const ActionCall& call, RunningJob& job,
                      ActionOutcome& outcome) {
  const std::string manager = call.input("cache");
  PackageCache cache{.manager = manager};
  if (manager == "pip") {
    const auto folder = output_of({tool.executable, "-m", "pip", "cache", "dir"}, call, job);
    if (!folder) return warn(job, "Could not get cache folder path for pip package manager");
    cache.paths = {std::string(base::trim(*folder))};
    cache.dependencies = {"**/requirements.txt", "**/pyproject.toml"};
    cache.restore_by_prefix = true;
  } else if (manager == "pipenv") {
    cache.paths = {in_home(call, ".local/share/virtualenvs")};
    cache.dependencies = {"**/Pipfile.lock"};
  } else {
    return warn(job, fmt::format("Caching for '{}' is not supported by the built-in setup-python", manager));
  }
  cache.key =
      fmt::format("setup-python-{}-python-{}-{}", platform_of_keys(call), to_string(tool.version), manager);
  use_package_cache(std::move(cache), call, job, outcome);
}

}  // namespace

base::Result<ActionOutcome> setup_python(const ActionCall& call, RunningJob& job) {
  TRY(refuse_inputs(call, {"freethreaded", "pip-version", "pip-install"}));
  TRY(const auto wanted, wanted_pythons(call, job));
  const std::vector<FoundTool> found = find_pythons(wanted, call, job);
  ActionOutcome outcome;
  std::optional<FoundTool> last;
  for (const WantedVersion& one : wanted) {
    const auto version = find_version(one.text);
    const std::string package =
        version ? fmt::format("python{}.{}", version->parts[0], version->parts[1]) : "python3";
    TRY(const FoundTool tool, choose_tool(one, found, {"Python", package}));
    TRY(const PythonFolder folder, make_python_folder(tool.version, job));
    TRY(fill_python_folder(folder, tool, job.services->host_uid));
    if (is_true(call.input("update-environment", "true")))
      set_environment(tool, folder.location, job, outcome);
    outcome.outputs["python-version"] = to_string(tool.version);
    outcome.outputs["python-path"] = tool.executable;
    last = tool;
    job.log->line(LineKind::output, fmt::format("Successfully set up CPython ({}): {}",
                                                to_string(tool.version), tool.executable));
  }
  TRY(add_problem_matcher(job, kPythonMatcher));
  warn_of_unused_inputs(call, job, {"check-latest"});
  if (last && !call.input("cache").empty()) use_python_cache(*last, call, job, outcome);
  return outcome;
}

}  // namespace steps::builtin
