// actions/setup-node: the machine's Node.js if it fits, and the registry that npm is to log in to.

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "steps/builtin/aws_session.h"
#include "steps/builtin/found_tool.h"
#include "steps/builtin/package_cache.h"
#include "steps/job_files.h"

namespace steps::builtin {
namespace {

constexpr std::size_t kMaximumLockFile = 64U << 20;

// TypeScript's compiler and the two formats of eslint (setup-node .github/*.json).
constexpr std::string_view kNodeMatchers = R"JSON({"problemMatcher": [
 {"owner": "tsc", "pattern": [{"regexp":
   "^([^\\s].*)[\\(:](\\d+)[,:](\\d+)(?:\\):\\s+|\\s+-\\s+)(error|warning|info)\\s+TS(\\d+)\\s*:\\s*(.*)$",
   "file": 1, "line": 2, "column": 3, "severity": 4, "code": 5, "message": 6}]},
 {"owner": "eslint-stylish", "pattern": [{"regexp": "^\\s*([^\\s].*)$", "file": 1},
   {"regexp": "^\\s+(\\d+):(\\d+)\\s+(error|warning|info)\\s+(.*)\\s\\s+(.*)$",
    "line": 1, "column": 2, "severity": 3, "message": 4, "code": 5, "loop": true}]},
 {"owner": "eslint-compact", "pattern": [{"regexp":
   "^(.+):\\sline\\s(\\d+),\\scol\\s(\\d+),\\s([Ee]rror|[Ww]arning|[Ii]nfo)\\s-\\s(.+)\\s\\((.+)\\)$",
   "file": 1, "line": 2, "column": 3, "severity": 4, "message": 5, "code": 6}]}]})JSON";

/// `volta.node`, the runtime of devEngines, `engines.node`: the first that is there.
std::string node_version_of_package(const base::Json& package) {
  std::string version = base::json_string(base::json_member(package, "volta"), "node");
  if (!version.empty()) return version;
  const base::Json& runtime = base::json_member(base::json_member(package, "devEngines"), "runtime");
  const base::Json list = runtime.is_array() ? runtime : base::Json::array({runtime});
  for (const base::Json& entry : list) {
    if (!base::equals_ignoring_case(base::json_string(entry, "name"), "node")) continue;
    version = base::json_string(entry, "version");
    if (!version.empty()) return version;
  }
  return base::json_string(base::json_member(package, "engines"), "node");
}

std::vector<std::string> node_versions_in(std::string_view name, std::string_view text) {
  if (const auto package = base::parse_json(text); package && package->is_object())
    return {node_version_of_package(*package)};
  if (name.ends_with(".toml")) return {value_of_line(toml_section(text, "tools"), "node")};
  for (const char* key : {"nodejs", "node"}) {
    if (std::string version = value_of_line(text, key); !version.empty()) return {std::move(version)};
  }
  return {first_line(text)};
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

/// `registry-url`: RUNNER_TEMP/.npmrc, which names the registry and takes the token from NODE_AUTH_TOKEN.
base::Result<void> configure_registry(const ActionCall& call, const RunningJob& job, ActionOutcome& outcome) {
  std::string url = call.input("registry-url");
  if (url.empty()) return {};
  if (!url.ends_with('/')) url += '/';
  std::string scope = call.input("scope");
  if (scope.empty() && url.find("npm.pkg.github.com") != std::string::npos)
    scope = call.variable("GITHUB_REPOSITORY_OWNER");
  if (!scope.empty() && scope.front() != '@') scope = "@" + scope;
  if (!scope.empty()) scope = base::to_lower(scope) + ":";
  constexpr std::size_t kMaximumNpmrc = 1U << 20;
  const std::string path = job.folders.temp.inside + "/.npmrc";
  std::string content;
  if (const auto before = read_job_file(job.folders, path, kMaximumNpmrc)) {
    for (const std::string_view line : base::lines_of(*before)) {
      if (!base::to_lower(line).starts_with(scope + "registry")) content += fmt::format("{}\n", line);
    }
  }
  const std::size_t scheme = url.find("//");
  content += fmt::format("{}:_authToken=${{NODE_AUTH_TOKEN}}\n{}registry={}",
                         scheme == std::string::npos ? url : url.substr(scheme), scope, url);
  TRY(auto folder, base::open_directory(job.folders.temp.host));
  TRY(create_file_for_steps(folder.get(), ".npmrc", content, 0600, job.services->host_uid));
  outcome.environment.emplace_back("NPM_CONFIG_USERCONFIG", path);
  if (const std::string token = call.variable("NODE_AUTH_TOKEN"); !token.empty())
    outcome.environment.emplace_back("NODE_AUTH_TOKEN", token);
  return {};
}

struct NodePackageManager {
  std::string_view name;
  std::vector<std::string> folder;  ///< the command that prints its cache's
  std::vector<std::string> lock_files;
};

void use_node_cache(const ActionCall& call, RunningJob& job, ActionOutcome& outcome) {
  static const NodePackageManager kManagers[] = {
      {"npm", {"npm", "config", "get", "cache"}, {"package-lock.json", "npm-shrinkwrap.json", "yarn.lock"}},
      {"yarn", {"yarn", "cache", "dir"}, {"yarn.lock"}},
      {"pnpm", {"pnpm", "store", "path", "--silent"}, {"pnpm-lock.yaml"}}};
  const std::string wanted = call.input("cache");
  for (const NodePackageManager& manager : kManagers) {
    if (manager.name != wanted) continue;
    const auto folder = output_of(manager.folder, call, job);
    if (!folder) return warn(job, fmt::format("Could not get cache folder path for {}", wanted));
    PackageCache cache{.manager = wanted, .paths = {std::string(base::trim(*folder))}};
    for (const std::string& file : manager.lock_files) {
      if (!read_job_file(job.folders, job.folders.workspace.inside + "/" + file, kMaximumLockFile)) continue;
      cache.dependencies = {file};
      break;
    }
    if (cache.dependencies.empty()) cache.dependencies = manager.lock_files;
    cache.key = fmt::format("node-cache-{}-{}", platform_of_keys(call), wanted);
    return use_package_cache(std::move(cache), call, job, outcome);
  }
  warn(job, fmt::format("Caching for '{}' is not supported", wanted));
}

}  // namespace

base::Result<ActionOutcome> setup_node(const ActionCall& call, RunningJob& job) {
  TRY(auto wanted, read_wanted_versions(call, job, "node", node_versions_in));
  WantedVersion one = wanted.empty() ? WantedVersion{"*", "no version given"} : wanted.front();
  one.text = node_range(one.text);
  std::vector<FoundTool> found;
  for (const char* name : {"node", "nodejs"}) {
    auto tool = probe_tool({name, "-p", "process.version + '\\n' + process.execPath"}, call, job);
    if (!tool) continue;
    found.push_back(std::move(*tool));
    break;
  }
  TRY(const FoundTool tool, choose_tool(one, found, {"Node.js", "nodejs"}));
  ActionOutcome outcome;
  const std::string folder = base::Path(tool.executable).parent_path().string();
  outcome.search_path = {folder};
  outcome.outputs["node-version"] = "v" + to_string(tool.version);
  job.log->line(LineKind::output,
                fmt::format("Node.js {} is here: {}", to_string(tool.version), tool.executable));
  TRY(configure_registry(call, job, outcome));
  TRY(add_problem_matcher(job, kNodeMatchers));
  warn_of_unused_inputs(call, job, {"check-latest", "mirror"});
  if (!call.input("cache").empty()) use_node_cache(call, job, outcome);
  return outcome;
}

}  // namespace steps::builtin
