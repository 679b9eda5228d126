#include "runner/container_plans.h"

#include <fmt/format.h>

#include "base/json.h"
#include "runner/container_spec.h"
#include "runner/github_context.h"
#include "runner/job_container.h"
#include "runner/job_sandbox.h"
#include "runner/workspace.h"
#include "steps/container_mounts.h"

namespace runner {

using workflow::expression::Value;

steps::JobFolders named_folders(const std::string& repository, steps::JobRoot root) {
  auto folders = job_folders_inside(repository, root);
  folders.workspace.host = "WORKSPACE";
  folders.temp.host = "TEMP";
  folders.file_commands.host = "FILE_COMMANDS";
  folders.actions.host = "ACTIONS";
  folders.tool_cache.host = "TOOLS";
  folders.home.host = "HOME";
  folders.workflow.host = "WORKFLOW";
  return folders;
}

namespace {

sandbox::Plan image_plan(const ContainerSpec& spec, sandbox::Plan plan) {
  plan.root = sandbox::RootKind::image;
  plan.image = {.lower = {"LAYERS of " + spec.image}, .upper = "UPPER", .work = "WORK"};
  for (const auto& volume : spec.volumes) {
    if (volume.source.empty()) continue;
    plan.mounts.push_back(
        {.source = volume.source,
         .target = volume.target,
         .access = volume.read_only ? sandbox::Access::read_only : sandbox::Access::read_write});
  }
  steps::apply_options(spec.options, plan);
  return plan;
}

base::Json ports_of(const ContainerSpec& spec) {
  base::Json ports = base::Json::array();
  for (const auto& port : spec.ports)
    ports.push_back(fmt::format("{}:{}/{}", port.host, port.container, port.udp ? "udp" : "tcp"));
  return ports;
}

}  // namespace

base::Result<base::Json> container_plans(const workflow::PlannedJob& job, workflow::Contexts contexts,
                                         const RunOptions& options) {
  const auto folders = named_folders(options.repository_name, steps::JobRoot::container);
  contexts.set("strategy", workflow::strategy_context(job));
  contexts.set("matrix", job.matrix);
  contexts.set("runner", runner_context(folders));
  contexts.set_member("github", "workspace", Value(folders.workspace.inside));
  const workflow::Scope scope{.contexts = contexts, .file = job.job->file};
  TRY(const auto own, read_container(job.job->container, scope));
  TRY(const auto list, read_services(job.job->services, scope));
  const auto& services = list.services;
  if (!own && services.empty()) return base::Json();
  auto common = job_sandbox_plan(job.key, folders, options, 1);
  common.mounts.clear();
  base::Json shown = {{"job", job.key}};
  if (own) {
    auto plan = common;
    plan.mounts = container_folder_mounts(folders, "WORK_FOLDER");
    shown["container"] = {{"image", own->image}, {"sandbox", sandbox::to_json(image_plan(*own, plan))}};
  }
  for (const auto& service : services) {
    auto plan = common;
    plan.label += "/" + service.id;
    plan.network = sandbox::NetworkMode::isolated;
    shown["services"][service.id] = {{"image", service.container.image},
                                     {"ports", ports_of(service.container)},
                                     {"sandbox", sandbox::to_json(image_plan(service.container, plan))}};
  }
  return shown;
}

}  // namespace runner
