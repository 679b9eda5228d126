// docker/setup-buildx-action and docker/setup-qemu-action: the builder is always there and emulates nothing,
// so both say so and leave the outputs that later steps read.

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "ecr/image.h"
#include "steps/builtin/aws_session.h"
#include "steps/builtin/found_tool.h"

namespace steps::builtin {
namespace {

void say_group(RunningJob& job, std::string_view title, std::string_view text) {
  job.log->line(LineKind::group, title);
  for (const std::string_view line : base::lines_of(text)) job.log->line(LineKind::output, line);
  job.log->line(LineKind::endgroup, "");
}

base::Result<void> check_driver(const std::string& driver) {
  if (driver == "docker-container" || driver == "docker") return {};
  return base::make_error(
      base::ErrorKind::invalid_input,
      fmt::format("The builder driver '{}' is not supported by the built-in "
                  "docker/setup-buildx-action; use docker-container, docker, or the action "
                  "itself with --no-builtin docker/setup-buildx-action",
                  driver));
}

}  // namespace

base::Result<ActionOutcome> docker_setup_buildx(const ActionCall& call, RunningJob& job) {
  const std::string driver = call.input("driver", "docker-container");
  TRY(check_driver(driver));
  TRY(refuse_inputs(call, {"append", "endpoint"}));
  const std::string platform = ecr::to_string(ecr::host_platform());
  for (const auto& wanted : comma_list(call, "platforms")) {
    if (wanted != platform)
      warn(job, fmt::format("The platform {} cannot be built here: this machine is {}", wanted, platform));
  }
  for (const char* name :
       {"version", "driver-opts", "buildkitd-flags", "buildkitd-config", "buildkitd-config-inline"}) {
    if (call.input(name).empty()) continue;
    job.log->line(LineKind::output,
                  fmt::format("The input '{}' has no effect here: images are built without BuildKit", name));
  }
  const std::string name = call.input("name", "default");
  base::Json node = base::Json::object();
  node["name"] = name + "0";
  node["endpoint"] = "pipeline";
  node["status"] = "running";
  node["platforms"] = platform;
  const base::Json nodes = base::Json::array({node});
  say_group(job, "Inspect builder",
            "Nothing was set up: the runner builds images itself.\n" + base::to_text(nodes, 2));
  ActionOutcome outcome;
  outcome.outputs = {{"name", name},
                     {"driver", driver},
                     {"platforms", platform},
                     {"nodes", base::to_text(nodes, 2)},
                     {"endpoint", "pipeline"},
                     {"status", "running"},
                     {"flags", ""}};
  return outcome;
}

base::Result<ActionOutcome> docker_setup_qemu(const ActionCall& call, RunningJob& job) {
  const std::string platform = ecr::to_string(ecr::host_platform());
  say_group(job, "Extracting available platforms",
            fmt::format("Nothing was set up: images are built for this machine's platform.\n{}", platform));
  for (const auto& wanted : comma_list(call, "platforms")) {
    // Shorthands leave the system out: arm64 for linux/arm64.
    if (wanted == "all" || wanted == platform || "linux/" + wanted == platform) continue;
    warn(job, fmt::format("The platform {} is not emulated here: a build for it will fail", wanted));
  }
  ActionOutcome outcome;
  outcome.outputs["platforms"] = platform;
  return outcome;
}

}  // namespace steps::builtin
