// actions/setup-python and actions/setup-node: they install nothing. The tool of the machine is found as the
// step would find it, its version compared with what is asked for, and put first on PATH.

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <functional>

#include "base/json.h"
#include "base/strings.h"
#include "steps/builtin_actions.h"
#include "steps/job_files.h"
#include "steps/version_spec.h"

namespace steps::builtin {
namespace {

constexpr int kProbeSeconds = 30;
constexpr std::size_t kMaximumVersionFile = 1U << 20;

/// A tool as it was found in the sandbox.
struct Tool {
  std::string name;  ///< as called, python3.11
  Version version;
  std::string executable;
  std::vector<std::string> more;  ///< further lines of the probe
};

/// Runs `argv` as the step would; its first two lines are the version and the executable.
std::optional<Tool> probe(const std::vector<std::string>& argv, const ActionCall& call, RunningJob& job) {
  sandbox::Command command;
  command.argv = argv;
  command.environment = call.environment;
  command.directory = job.folders.workspace.inside;
  auto finished = sandbox::run_to_end(*job.sandbox, std::move(command), kProbeSeconds);
  if (!finished || finished->status.shell_code() != 0) return std::nullopt;
  std::vector<std::string> lines = base::split(base::trim(finished->output), '\n');
  const auto version = lines.empty() ? std::nullopt : find_version(lines[0]);
  if (!version || lines.size() < 2) return std::nullopt;
  Tool tool{argv[0], *version, std::string(base::trim(lines[1])), {}};
  tool.more.assign(lines.begin() + 2, lines.end());
  return tool;
}

struct Wanted {
  std::string text;    ///< as asked for
  std::string source;  ///< the input or the file
};

/// The first candidate that fits; the error names what is there instead.
base::Result<Tool> choose(const Wanted& wanted, const std::vector<Tool>& found, std::string_view title,
                          std::string_view package) {
  TRY(const VersionSpec spec, VersionSpec::parse(wanted.text).while_doing("reading " + wanted.source));
  for (const Tool& tool : found) {
    if (spec.allows(tool.version)) return tool;
  }
  std::vector<std::string> there;
  for (const Tool& tool : found)
    there.push_back(fmt::format("{} ({})", to_string(tool.version), tool.executable));
  return base::make_error(
      base::ErrorKind::not_found,
      fmt::format(
          "{} {} was asked for ({}), but this machine has {}. Install it so that it is under /usr or /opt "
          "(for example: apt-get install {}), or ask for a version that is there",
          title, wanted.text, wanted.source, there.empty() ? "none" : base::join(there, ", "), package));
}

/// Symlinks and scripts in `tool_cache/<title>/<version>/x64/bin`, a folder to put on PATH.
struct Shim {
  std::string location;  ///< as the steps see it, without /bin
  base::Fd folder;       ///< its bin
};
base::Result<Shim> make_shim(std::string_view title, const Version& version, RunningJob& job) {
  const std::string relative = fmt::format("{}/{}/x64", title, to_string(version));
  TRY(auto cache, base::open_directory(job.folders.tool_cache.host));
  TRY(auto folder, make_folder_for_steps(cache.get(), relative + "/bin", job.services->host_uid));
  return Shim{job.folders.tool_cache.inside + "/" + relative, std::move(folder)};
}

base::Result<void> link_tool(const Shim& shim, const char* name, const std::string& executable) {
  // A step may have called this action before.
  unlinkat(shim.folder.get(), name, 0);
  if (symlinkat(executable.c_str(), shim.folder.get(), name) != 0 && errno != EEXIST) {
    return base::system_error(fmt::format("making {}/bin/{}", shim.location, name), errno);
  }
  return {};
}

/// The versions asked for: the input, else the version file.
base::Result<std::vector<Wanted>> read_wanted(
    const ActionCall& call, const RunningJob& job, const std::string& tool,
    const std::function<std::string(std::string_view, std::string_view)>& from) {
  std::vector<Wanted> wanted;
  const std::string input = call.input(tool + "-version");
  for (std::string_view line : base::lines_of(input)) {
    if (!base::trim(line).empty()) wanted.push_back({std::string(base::trim(line)), tool + "-version"});
  }
  const std::string file = call.input(tool + "-version-file");
  if (!wanted.empty() || file.empty()) return wanted;
  const std::string path = file.front() == '/' ? file : job.folders.workspace.inside + "/" + file;
  TRY(auto text, read_job_file(job.folders, path, kMaximumVersionFile).while_doing(tool + "-version-file"));
  const std::string version = from(base::Path(file).filename().string(), text);
  if (version.empty()) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("{} names no version of {}", file, tool));
  }
  wanted.push_back({version, file});
  return wanted;
}

/// The value of `key = "…"` in TOML or `key …` in a .tool-versions file: enough for one line of it.
std::string value_of_line(std::string_view text, std::string_view key) {
  for (std::string_view line : base::lines_of(text)) {
    line = base::trim(line);
    if (!line.starts_with(key)) continue;
    std::string_view rest = base::trim(line.substr(key.size()));
    if (rest.starts_with('=')) rest = base::trim(rest.substr(1));
    if (rest.size() >= 2 && (rest.front() == '"' || rest.front() == '\'')) {
      return std::string(rest.substr(1, rest.find(rest.front(), 1) - 1));
    }
    return std::string(rest.substr(0, rest.find_first_of(" \t#")));
  }
  return "";
}

std::string first_line(std::string_view text) {
  for (std::string_view line : base::lines_of(text)) {
    line = base::trim(line.substr(0, line.find('#')));
    if (!line.empty()) return std::string(line);
  }
  return "";
}

std::string python_version_in(std::string_view name, std::string_view text) {
  if (name == "pyproject.toml") return value_of_line(text, "requires-python");
  if (name == ".tool-versions") return value_of_line(text, "python");
  return first_line(text);
}

std::string node_version_in(std::string_view name, std::string_view text) {
  if (name == ".tool-versions") {
    const std::string node = value_of_line(text, "nodejs");
    return node.empty() ? value_of_line(text, "node") : node;
  }
  if (name != "package.json") return first_line(text);
  auto document = base::parse_json(text);
  if (!document) return "";
  const std::string pinned = base::json_string(base::json_member(*document, "volta"), "node");
  return pinned.empty() ? base::json_string(base::json_member(*document, "engines"), "node") : pinned;
}

constexpr std::string_view kPythonProbe =
    "import os, platform, site, sys; print(platform.python_version()); print(sys.executable); "
    "print(os.access(site.getsitepackages()[0], os.W_OK))";

std::vector<Tool> find_pythons(const std::vector<Wanted>& wanted, const ActionCall& call, RunningJob& job) {
  std::vector<std::string> names;
  for (const Wanted& one : wanted) {
    const auto version = find_version(one.text);
    if (version) names.push_back(fmt::format("python{}.{}", version->parts[0], version->parts[1]));
  }
  names.insert(names.end(), {"python3", "python"});
  std::vector<Tool> found;
  for (const std::string& name : names) {
    auto tool = probe({name, "-c", std::string(kPythonProbe)}, call, job);
    if (!tool) continue;
    bool known = false;
    for (const Tool& other : found) known = known || other.version == tool->version;
    if (!known) found.push_back(std::move(*tool));
  }
  return found;
}

void note_cache(const ActionCall& call, RunningJob& job) {
  if (call.input("cache").empty()) return;
  job.log->line(LineKind::notice, "The cache input has no effect: nothing is downloaded to set the tool up.");
}

base::Result<void> fill_python_shim(const Shim& shim, const Tool& tool, std::uint32_t owner) {
  TRY(link_tool(shim, "python", tool.executable));
  TRY(link_tool(shim, "python3", tool.executable));
  const std::string pip = fmt::format("#!/bin/sh\nexec '{}' -m pip \"$@\"\n", tool.executable);
  TRY(create_file_for_steps(shim.folder.get(), "pip", pip, 0755, owner));
  return create_file_for_steps(shim.folder.get(), "pip3", pip, 0755, owner);
}

/// Node's names for its long-term releases.
std::string node_range(std::string_view text) {
  static constexpr std::pair<std::string_view, std::string_view> kReleases[] = {
      {"argon", "4"},   {"boron", "6"},    {"carbon", "8"},   {"dubnium", "10"},
      {"erbium", "12"}, {"fermium", "14"}, {"gallium", "16"}, {"hydrogen", "18"},
      {"iron", "20"},   {"jod", "22"},     {"krypton", "24"}};
  std::string lower = base::to_lower(base::trim(text));
  if (lower == "node" || lower == "latest" || lower == "current" || lower == "*") return "*";
  if (!lower.starts_with("lts/")) return lower;
  const std::string name = lower.substr(4);
  if (name == "*") return "18 || 20 || 22 || 24 || 26";
  for (const auto& [release, major] : kReleases) {
    if (name == release) return std::string(major);
  }
  return lower;
}

}  // namespace

base::Result<ActionOutcome> setup_python(const ActionCall& call, RunningJob& job) {
  TRY(auto wanted, read_wanted(call, job, "python", python_version_in));
  if (wanted.empty()) wanted.push_back({"*", "no version given"});
  const std::vector<Tool> found = find_pythons(wanted, call, job);
  ActionOutcome outcome;
  for (const Wanted& one : wanted) {
    const auto version = find_version(one.text);
    const std::string package =
        version ? fmt::format("python{}.{}", version->parts[0], version->parts[1]) : "python3";
    TRY(const Tool tool, choose(one, found, "Python", package));
    TRY(const Shim shim, make_shim("Python", tool.version, job));
    TRY(fill_python_shim(shim, tool, job.services->host_uid));
    outcome.search_path.push_back(shim.location + "/bin");
    outcome.environment = {{"pythonLocation", shim.location},
                           {"Python_ROOT_DIR", shim.location},
                           {"Python3_ROOT_DIR", shim.location}};
    if (!tool.more.empty() && tool.more[0] == "False") {
      // The machine's packages cannot be changed from here, so what pip installs goes to the job's own
      // folder, and Debian's guard of the former has nothing to guard.
      const std::string packages = job.folders.temp.inside + "/python-packages";
      outcome.environment.emplace_back("PYTHONUSERBASE", packages);
      outcome.environment.emplace_back("PIP_BREAK_SYSTEM_PACKAGES", "1");
      outcome.search_path.push_back(packages + "/bin");
    }
    outcome.outputs["python-version"] = to_string(tool.version);
    outcome.outputs["python-path"] = tool.executable;
    job.log->line(LineKind::output,
                  fmt::format("Python {} is here: {}", to_string(tool.version), tool.executable));
  }
  note_cache(call, job);
  return outcome;
}

base::Result<ActionOutcome> setup_node(const ActionCall& call, RunningJob& job) {
  TRY(auto wanted, read_wanted(call, job, "node", node_version_in));
  Wanted one = wanted.empty() ? Wanted{"*", "no version given"} : wanted.front();
  one.text = node_range(one.text);
  std::vector<Tool> found;
  for (const char* name : {"node", "nodejs"}) {
    auto tool = probe({name, "-p", "process.version + '\\n' + process.execPath"}, call, job);
    if (!tool) continue;
    found.push_back(std::move(*tool));
    break;
  }
  TRY(const Tool tool, choose(one, found, "Node.js", "nodejs"));
  ActionOutcome outcome;
  const std::string folder = base::Path(tool.executable).parent_path().string();
  outcome.search_path = {folder};
  outcome.outputs["node-version"] = "v" + to_string(tool.version);
  job.log->line(LineKind::output,
                fmt::format("Node.js {} is here: {}", to_string(tool.version), tool.executable));
  note_cache(call, job);
  return outcome;
}

}  // namespace steps::builtin
