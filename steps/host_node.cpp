#include "steps/host_node.h"

#include <fmt/format.h>

#include "base/process.h"
#include "base/strings.h"

namespace steps {
namespace {

constexpr std::string_view kInside = "/__e/node";
// Parts of Debian's node that are files of other packages, looked for at this very place.
constexpr const char* kSharedModules = "/usr/share/nodejs";

// node takes /proc/self/exe for itself, which is the loader here: what it starts as "itself" gets a script
// that starts it in the same way.
std::string preload_script() {
  return fmt::format("process.execPath = '{}/run';\n", kInside);
}

struct Library {
  std::string name;
  std::string path;
};

/// What the loader finds for a program: `name => path (address)` lines, and the loader's own.
std::vector<Library> read_loader_trace(std::string_view text) {
  std::vector<Library> libraries;
  for (const std::string_view line : base::lines_of(text)) {
    const std::string_view entry = base::trim(line.substr(0, line.rfind('(')));
    const auto arrow = entry.find(" => ");
    const std::string path(arrow == std::string_view::npos ? entry : base::trim(entry.substr(arrow + 4)));
    if (!path.starts_with('/')) continue;
    libraries.push_back(
        {base::Path(arrow == std::string_view::npos ? path : std::string(base::trim(entry.substr(0, arrow))))
             .filename()
             .string(),
         path});
  }
  return libraries;
}

/// Without links: an absolute one would mean another place while the container's root is built.
sandbox::Mount mount_of(const base::Path& source, std::string_view target) {
  std::error_code failed;
  const auto real = std::filesystem::canonical(source, failed);
  return {.source = (failed ? source : real).string(), .target = fmt::format("{}/{}", kInside, target)};
}

}  // namespace

base::Result<HostNode> find_host_node(const base::Path& folder) {
  const auto program = base::find_program("node", "/usr/local/bin:/usr/bin:/bin");
  if (!program)
    return base::make_error(base::ErrorKind::not_found, "this machine has no node; install nodejs");
  TRY(const auto traced,
      base::run_process(
          {.argv = {program->string()},
           .environment = std::vector<std::string>{"LD_TRACE_LOADED_OBJECTS=1", "PATH=/usr/bin:/bin"},
           .timeout = std::chrono::seconds(10)}));
  const auto libraries = read_loader_trace(traced.output);
  std::string loader;
  HostNode node;
  node.mounts.push_back(mount_of(*program, "bin/node"));
  for (const auto& library : libraries) {
    if (library.name.starts_with("ld-")) loader = library.name;
    node.mounts.push_back(mount_of(library.path, "lib/" + library.name));
  }
  if (traced.exit_code != 0 || loader.empty()) {
    return base::make_error(base::ErrorKind::not_found,
                            fmt::format("the libraries of {} could not be found out", program->string()));
  }
  const std::vector<std::string> start = {fmt::format("{}/lib/{}", kInside, loader),
                                          "--argv0",
                                          "node",
                                          "--library-path",
                                          fmt::format("{}/lib", kInside),
                                          fmt::format("{}/bin/node", kInside)};
  TRY(base::make_directories(folder));
  TRY(base::write_file(folder / "preload.js", preload_script()));
  TRY(base::write_file(folder / "run", fmt::format("#!/bin/sh\nexec {} \"$@\"\n", base::join(start, " ")),
                       0755));
  for (const char* name : {"preload.js", "run"}) node.mounts.push_back(mount_of(folder / name, name));
  if (base::is_directory(kSharedModules))
    node.mounts.push_back({.source = kSharedModules, .target = kSharedModules});
  node.argv = start;
  node.argv.push_back("--require");
  node.argv.push_back(fmt::format("{}/preload.js", kInside));
  return node;
}

}  // namespace steps
