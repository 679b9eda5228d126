#include "steps/docker_action.h"

#include <fmt/format.h>

#include <utility>

#include "base/crypto.h"
#include "base/strings.h"
#include "ecr/container_start.h"
#include "ecr/image_root.h"
#include "ecr/image_user.h"
#include "steps/action_images.h"
#include "steps/action_inputs.h"
#include "steps/action_stages.h"
#include "steps/step_environment.h"

namespace steps {
namespace {

constexpr const char* kWorkspace = "/github/workspace";
constexpr const char* kHome = "/github/home";

/// One part of an action: the image, and what is started of it.
struct DockerPart {
  std::shared_ptr<const ecr::Image> image;
  OrderedVariables environment;  ///< the step's, over the action's own
  sandbox::EnvVars more;         ///< INPUT_*, ACTIONS_* and STATE_*
  std::optional<std::string> entrypoint;
  std::optional<std::vector<std::string>> arguments;
};

struct PlaceInContainer {
  const SharedFolder JobFolders::*folder;
  const char* inside;
};
// Longer ones first where one lies in another for steps of the job.
constexpr PlaceInContainer kPlaces[] = {{&JobFolders::workspace, kWorkspace},
                                        {&JobFolders::file_commands, "/github/file_commands"},
                                        {&JobFolders::home, kHome},
                                        {&JobFolders::workflow, "/github/workflow"},
                                        {&JobFolders::temp, "/github/runner_temp"}};

/// A path as the job's steps see it, as the container does; other values stay what they are.
std::string translated(const std::string& value, const JobFolders& folders) {
  for (const PlaceInContainer& place : kPlaces) {
    const std::string& outside = (folders.*place.folder).inside;
    if (!value.starts_with(outside)) continue;
    if (value.size() == outside.size() || value[outside.size()] == '/')
      return place.inside + value.substr(outside.size());
  }
  return value;
}

/// The step's variables, with their paths translated.
sandbox::EnvVars environment_in(const DockerPart& part, const RunningJob& job) {
  auto variables =
      step_variables(job, part.environment, job.contexts.get("github"), job.contexts.get("runner"));
  for (const auto& [name, value] : part.more) variables[name] = value;
  for (auto& [name, value] : variables) value = translated(value, job.folders);
  variables.emplace("HOME", kHome);
  return variables;
}

/// The container's sandbox with its folder, and what leads from it to the job's services; gone with this.
struct OpenContainer {
  base::Path folder;
  std::unique_ptr<sandbox::Sandbox> sandbox;
  std::shared_ptr<void> connected;
  ~OpenContainer() {
    connected.reset();
    sandbox.reset();
    if (!folder.empty()) (void)base::remove_tree(folder);
  }
};

base::Result<void> open_container(const DockerPart& part, RunningJob& job, const ecr::ContainerStart& start,
                                  OpenContainer& open, sandbox::Command& command) {
  const auto& surroundings = *job.services->containers;
  sandbox::Plan plan = surroundings.plan;
  const auto id = base::to_hex(base::random_bytes(6));
  plan.label += "/" + id;
  plan.hostname = id;
  plan.root = sandbox::RootKind::image;
  open.folder = surroundings.folder / id;
  TRY(plan.image,
      ecr::make_image_root(*job.services->images, part.image->manifest, open.folder, plan.id_slot));
  for (const PlaceInContainer& place : kPlaces) {
    plan.mounts.push_back({.source = (job.folders.*place.folder).host.string(),
                           .target = place.inside,
                           .access = sandbox::Access::read_write});
  }
  TRY(const auto user, ecr::find_user(ecr::layers_of(plan.image), start.user));
  TRY(open.sandbox, sandbox::make_namespace_sandbox(plan));
  TRY(open.connected, surroundings.connect(*open.sandbox));
  command.argv = start.argv;
  command.directory = kWorkspace;
  command.uid = user.uid;
  command.gid = user.gid;
  command.groups = user.groups;
  return {};
}

base::Result<StepEffects> run_docker_part(StepRun& run, const DockerPart& part) {
  ecr::ContainerOverrides overrides;
  if (part.entrypoint) overrides.entrypoint = std::vector<std::string>{*part.entrypoint};
  overrides.command = part.arguments;
  const auto start = ecr::container_start(part.image->config, overrides);
  if (start.argv.empty()) {
    return base::make_error(base::ErrorKind::invalid_input,
                            "neither the image nor the action says what to start; give an entrypoint");
  }
  OpenContainer open;
  sandbox::Command command;
  TRY(open_container(part, run.job, start, open, command).while_doing("starting the action's container"));
  StepRun inside{run.step, run.job, run.scope, run.name, part.environment, run.stop, {}};
  inside.files = std::exchange(run.files, nullptr);
  inside.sandbox = open.sandbox.get();
  inside.make_environment = [&] {
    auto variables = start.environment;
    for (const auto& [name, value] : environment_in(part, run.job)) variables[name] = value;
    return variables;
  };
  inside.ended = "Docker run failed";
  return run_step_process(inside, std::move(command), {});
}

base::Result<void> check_surroundings(const RunningJob& job, const std::string& what) {
  if (job.services->containers && job.services->images != nullptr) return {};
  return base::make_error(base::ErrorKind::invalid_input,
                          fmt::format("'{}' is a Docker action, which runs in a sandbox; run the job without "
                                      "--sandbox none or landlock",
                                      what));
}

DockerPart part_of(const StepRun& run, std::shared_ptr<const ecr::Image> image) {
  DockerPart part;
  part.image = std::move(image);
  part.environment = run.environment;
  part.more = run.job.runtime_environment;
  return part;
}

/// `with.entrypoint` and `with.args` are for actions that do not say themselves what to start
/// (actions/runner ContainerActionHandler).
base::Result<void> apply_with(const StepRun& run, DockerPart& part) {
  const auto entrypoint = run.with.find("entrypoint");
  if (entrypoint != run.with.end() && !entrypoint->second.empty()) part.entrypoint = entrypoint->second;
  const auto arguments = run.with.find("args");
  if (arguments != run.with.end()) {
    TRY(part.arguments, ecr::split_command_line(arguments->second).while_doing("with.args"));
  }
  return {};
}

/// args and env of action.yml, which see the action's inputs.
base::Result<void> apply_metadata(const StepRun& run, const LoadedAction& source, const Outputs& inputs,
                                  DockerPart& part) {
  workflow::expression::Object values;
  for (const auto& [name, value] : inputs) values.set(name, workflow::expression::Value(value));
  RunningJob inner = run.job;
  inner.contexts.set("inputs", workflow::expression::Value(std::move(values)));
  auto scope = scope_of(inner);
  scope.file = source.metadata.file;
  if (!source.metadata.args.empty()) part.arguments.emplace();
  for (const auto& argument : source.metadata.args) {
    TRY(auto text, workflow::evaluate_text(argument, scope).while_doing("evaluating the action's args"));
    part.arguments->push_back(std::move(text));
  }
  for (const auto& [name, text] : source.metadata.environment) {
    if (part.environment.contains(name)) continue;
    TRY(part.environment[name],
        workflow::evaluate_text(text, scope).while_doing("evaluating the action's env"));
  }
  return {};
}

std::optional<std::string> entrypoint_of(ActionStage stage, const workflow::ActionMetadata& metadata) {
  if (stage == ActionStage::pre) return metadata.pre;
  return stage == ActionStage::main ? metadata.entrypoint : metadata.post;
}

}  // namespace

base::Result<StepEffects> run_docker_action(StepRun& run, const std::shared_ptr<ActionUse>& use) {
  const LoadedAction& action = use->action;
  const auto stage = run.scope.stage;
  TRY(check_surroundings(run.job, use->uses));
  TRY(const auto inputs, action_inputs(run, action));
  TRY(auto image, image_of_action(*use, run.job, run.stop));
  DockerPart part = part_of(run, std::move(image));
  for (const auto& [name, value] : inputs) part.more[input_variable(name)] = value;
  for (const auto& [name, value] : use->state) part.more["STATE_" + name] = value;
  TRY(apply_with(run, part));
  TRY(apply_metadata(run, action, inputs, part));
  if (const auto own = entrypoint_of(stage, action.metadata); own || stage != ActionStage::main)
    part.entrypoint = own;
  if (stage != ActionStage::post && !action.metadata.post.empty()) register_post_part(run, use);
  TRY(auto effects, run_docker_part(run, part));
  for (const auto& [name, value] : effects.state) use->state[name] = value;
  return effects;
}

base::Result<StepEffects> run_docker_image(StepRun& run, const std::string& image) {
  TRY(check_surroundings(run.job, image));
  TRY(auto obtained, image_of_step(image, run.job, run.stop));
  DockerPart part = part_of(run, std::move(obtained));
  for (const auto& [name, value] : run.with) part.more[input_variable(name)] = value;
  TRY(apply_with(run, part));
  return run_docker_part(run, part);
}

}  // namespace steps
