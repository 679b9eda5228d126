// actions/setup-go: the machine's Go if it fits, its GOPATH's programs on PATH.

#include <fmt/format.h>

#include "base/strings.h"
#include "steps/builtin/aws_session.h"
#include "steps/builtin/found_tool.h"
#include "steps/builtin/package_cache.h"

namespace steps::builtin {
namespace {

constexpr std::string_view kGoMatcher = R"JSON({"problemMatcher": [{"owner": "go", "pattern": [
  {"regexp": "^\\s*(.+\\.go):(?:(\\d+):(\\d+):)? (.*)", "file": 1, "line": 2, "column": 3, "message": 4}]}]})JSON";

/// The `go 1.22` line; before it the `toolchain go1.22.3` line, which GOTOOLCHAIN=local switches off.
std::vector<std::string> go_versions_in(std::string_view name, std::string_view text, bool local_toolchain) {
  if (name == ".tool-versions") return {value_of_line(text, "golang")};
  if (name != "go.mod" && name != "go.work") return {std::string(base::trim(text))};
  const std::string toolchain = value_of_line(text, "toolchain");
  if (!local_toolchain && toolchain.starts_with("go")) return {toolchain.substr(2)};
  return {value_of_line(text, "go")};
}

/// As the action reads `stable`, `1.22`, `go1.22.3`, `^1.21`.
base::Result<std::string> go_range(std::string_view text) {
  if (text == "stable") return std::string("*");
  if (text == "oldstable") {
    return base::make_error(base::ErrorKind::invalid_input,
                            "go-version oldstable: which release that is cannot be known without asking "
                            "go.dev; name a version, or use stable for the machine's");
  }
  return std::string(text.starts_with("go") ? text.substr(2) : text);
}

/// On unless it is switched off, as far as there is a go.mod that says what to keep.
void use_go_cache(const FoundTool& tool, const ActionCall& call, RunningJob& job, ActionOutcome& outcome) {
  const auto folders = output_of({tool.name, "env", "GOMODCACHE", "GOCACHE"}, call, job);
  if (!folders) return warn(job, "Could not get cache folder paths for Go");
  PackageCache cache{.manager = "Go", .dependencies = {"go.mod"}};
  for (const std::string_view folder : base::lines_of(*folders)) {
    if (!base::trim(folder).empty()) cache.paths.emplace_back(base::trim(folder));
  }
  cache.key = fmt::format("setup-go-{}-go-{}", platform_of_keys(call), to_string(tool.version));
  use_package_cache(std::move(cache), call, job, outcome);
}

}  // namespace

base::Result<ActionOutcome> setup_go(const ActionCall& call, RunningJob& job) {
  TRY(refuse_inputs(call, {"go-download-base-url"}));
  const bool local = call.variable("GOTOOLCHAIN") == "local";
  TRY(auto wanted,
      read_wanted_versions(call, job, "go", [local](std::string_view name, std::string_view text) {
        return go_versions_in(name, text, local);
      }));
  ActionOutcome outcome;
  outcome.environment.emplace_back("GOTOOLCHAIN", "local");
  ActionCall asking = call;
  asking.environment["GOTOOLCHAIN"] = "local";
  if (wanted.empty()) {
    warn(job, "go-version input was not specified. The action will try to use pre-installed version.");
    wanted.push_back({"*", "no version given"});
  }
  WantedVersion& one = wanted.front();
  job.log->line(LineKind::output, fmt::format("Setup go version spec {}", one.text));
  TRY(one.text, go_range(one.text));
  std::vector<FoundTool> found;
  // The places of Debian's package and of go.dev's archive.
  for (const char* name : {"go", "/usr/local/go/bin/go", "/usr/lib/go/bin/go"}) {
    auto tool = probe_tool({name, "env", "GOVERSION", "GOROOT", "GOPATH"}, asking, job);
    if (tool) found.push_back(std::move(*tool));
  }
  TRY(const FoundTool tool, choose_tool(one, found, {"Go", "golang-go"}));
  const std::string version = to_string(tool.version);
  outcome.search_path.push_back(tool.executable + "/bin");  // the probe's second line is GOROOT
  if (!tool.more.empty() && !base::trim(tool.more[0]).empty())
    outcome.search_path.push_back(std::string(base::trim(tool.more[0])) + "/bin");
  outcome.outputs["go-version"] = version;
  outcome.outputs["cache-hit"] = "false";
  job.log->line(LineKind::output, fmt::format("Successfully set up Go version {}: {} in {}", one.text,
                                              version, tool.executable));
  TRY(add_problem_matcher(job, kGoMatcher));
  warn_of_unused_inputs(call, job, {"check-latest"});
  if (is_true(call.input("cache", "true"))) use_go_cache(tool, asking, job, outcome);
  return outcome;
}

}  // namespace steps::builtin
