#include "steps/docker_action.h"

#include <fcntl.h>
#include <fmt/format.h>

#include "base/crypto.h"
#include "base/strings.h"
#include "ecr/build.h"
#include "ecr/container_start.h"
#include "ecr/image_root.h"
#include "ecr/image_user.h"
#include "steps/action_inputs.h"
#include "steps/build_context.h"
#include "steps/job_files.h"
#include "steps/job_images.h"
#include "steps/step_environment.h"

namespace steps {
namespace {

constexpr std::string_view kScheme = "docker://";
constexpr const char* kWorkspace = "/github/workspace";
constexpr const char* kHome = "/github/home";
constexpr std::size_t kLargestDockerfile = 1U << 20;

/// What the parts of one action have in common; lives until its post part has run.
struct DockerAction {
  workflow::Step step;  ///< a copy: the post part may outlive the composite action it stands in
  StepScope scope;
  std::string name;
  ecr::Image image;
  sandbox::EnvVars environment;  ///< the step's, over the action's own
  sandbox::EnvVars more;         ///< INPUT_* and ACTIONS_*
  std::optional<std::string> entrypoint;
  std::optional<std::vector<std::string>> arguments;
  std::map<std::string, std::string> state;
};

struct PlaceInside {
  const SharedFolder JobFolders::*folder;
  const char* inside;
};
// Longer ones first where one lies in another for steps of the job.
constexpr PlaceInside kPlaces[] = {{&JobFolders::workspace, kWorkspace},
                                   {&JobFolders::file_commands, "/github/file_commands"},
                                   {&JobFolders::home, kHome},
                                   {&JobFolders::workflow, "/github/workflow"},
                                   {&JobFolders::temp, "/github/runner_temp"}};

/// A path as the job's steps see it, as the container does; other values stay what they are.
std::string translated(const std::string& value, const JobFolders& folders) {
  for (const PlaceInside& place : kPlaces) {
    const std::string& outside = (folders.*place.folder).inside;
    if (!value.starts_with(outside)) continue;
    if (value.size() == outside.size() || value[outside.size()] == '/')
      return place.inside + value.substr(outside.size());
  }
  return value;
}

/// The image's variables, then the step's, with their paths translated.
sandbox::EnvVars environment_in(const DockerAction& action, const RunningJob& job) {
  auto variables =
      step_variables(job, action.environment, job.contexts.get("github"), job.contexts.get("runner"));
  for (const auto& [name, value] : action.more) variables[name] = value;
  for (const auto& [name, value] : action.state) variables["STATE_" + name] = value;
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

base::Result<void> open_container(const DockerAction& action, RunningJob& job,
                                  const ecr::ContainerStart& start, OpenContainer& open,
                                  sandbox::Command& command) {
  const auto& surroundings = *job.services->containers;
  sandbox::Plan plan = surroundings.plan;
  const auto id = base::to_hex(base::random_bytes(6));
  plan.label += "/" + id;
  plan.hostname = id;
  plan.root = sandbox::RootKind::image;
  open.folder = surroundings.folder / id;
  TRY(plan.image,
      ecr::make_image_root(*job.services->images, action.image.manifest, open.folder, plan.id_slot));
  for (const PlaceInside& place : kPlaces) {
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
  return {};
}

base::Result<StepEffects> run_part(DockerAction& action, const std::optional<std::string>& entrypoint,
                                   RunningJob& job, const std::stop_token& stop) {
  ecr::ContainerOverrides overrides;
  if (entrypoint) overrides.entrypoint = std::vector<std::string>{*entrypoint};
  overrides.command = action.arguments;
  const auto start = ecr::container_start(action.image.config, overrides);
  if (start.argv.empty()) {
    return base::make_error(base::ErrorKind::invalid_input,
                            "neither the image nor the action says what to start; give an entrypoint");
  }
  OpenContainer open;
  sandbox::Command command;
  TRY(open_container(action, job, start, open, command).while_doing("starting the action's container"));
  StepRun run{action.step, job, action.scope, action.name, action.environment, stop, {}};
  run.sandbox = open.sandbox.get();
  run.make_environment = [&] {
    auto variables = start.environment;
    for (const auto& [name, value] : environment_in(action, job)) variables[name] = value;
    return variables;
  };
  run.ended = "Docker run failed";
  TRY(auto effects, run_step_process(run, std::move(command), {}));
  for (const auto& [name, value] : effects.state) action.state[name] = value;
  return effects;
}

base::Result<ecr::Image> build_action_image(const LoadedAction& source, RunningJob& job,
                                            const std::stop_token& stop) {
  const base::Path file = (base::Path(source.folder) / source.metadata.image).lexically_normal();
  job.log->line(LineKind::group, fmt::format("Build container for action use: '{}'.", file.string()));
  TRY(const auto location, to_host(job.folders, file.parent_path().string()));
  TRY(const auto root, base::open_directory(location.folder));
  TRY(const auto folder,
      base::open_beneath(root.get(), location.relative, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ecr::BuildOptions options;
  TRY(options.dockerfile, read_regular_file(folder.get(), file.filename(), kLargestDockerfile)
                              .while_doing(fmt::format("reading {}", file.string())));
  options.dockerfile_name = file.string();
  TRY(const BuildContext context, admit_build_context(folder.get(), job));
  options.context = context.folder.get();
  options.stop = stop;
  options.network = job.services->containers->plan.network;
  options.limits = job.services->containers->plan.limits;
  options.pull = [&job, &stop](const ecr::ImageReference& reference) -> base::Result<ecr::Descriptor> {
    TRY(const auto image, obtain_image({.image = reference.to_string(), .stop = stop}, *job.services));
    return image.descriptor;
  };
  options.progress = [&job](const ecr::BuildProgress& progress) {
    job.log->line(LineKind::output, progress.line);
  };
  TRY(const auto built, ecr::build_image(options, *job.services->images));
  job.log->line(LineKind::endgroup, "");
  return job.services->images->image(built.manifest);
}

base::Result<ecr::Image> pull_action_image(const std::string& image, RunningJob& job,
                                           const std::stop_token& stop) {
  job.log->line(LineKind::group, fmt::format("Pull down action image '{}'", image));
  auto obtained =
      obtain_image({.image = image,
                    .stop = stop,
                    .say = [&job](std::string_view line) { job.log->line(LineKind::output, line); }},
                   *job.services);
  job.log->line(LineKind::endgroup, "");
  return obtained;
}

base::Result<void> check_surroundings(const RunningJob& job, const std::string& what) {
  if (job.services->containers && job.services->images != nullptr) return {};
  return base::make_error(base::ErrorKind::invalid_input,
                          fmt::format("'{}' is a Docker action, which runs in a sandbox; run the job without "
                                      "--sandbox none",
                                      what));
}

std::shared_ptr<DockerAction> make_action(StepRun& run, ecr::Image image) {
  auto action = std::make_shared<DockerAction>();
  action->step = run.step;
  action->scope = run.scope;
  action->name = run.name;
  action->image = std::move(image);
  action->environment = run.environment;
  action->more = run.job.runtime_environment;
  return action;
}

/// `with.entrypoint` and `with.args` go before what the action says.
base::Result<void> apply_with(const StepRun& run, DockerAction& action) {
  const auto entrypoint = run.with.find("entrypoint");
  if (entrypoint != run.with.end() && !entrypoint->second.empty()) action.entrypoint = entrypoint->second;
  const auto arguments = run.with.find("args");
  if (arguments != run.with.end()) {
    TRY(action.arguments, ecr::split_command_line(arguments->second).while_doing("with.args"));
  }
  return {};
}

/// args and env of action.yml, which see the action's inputs.
base::Result<void> apply_metadata(StepRun& run, const LoadedAction& source, const Outputs& inputs,
                                  DockerAction& action) {
  workflow::expression::Object values;
  for (const auto& [name, value] : inputs) values.set(name, workflow::expression::Value(value));
  RunningJob inner = run.job;
  inner.contexts.set("inputs", workflow::expression::Value(std::move(values)));
  auto scope = scope_of(inner);
  scope.file = source.metadata.file;
  if (!source.metadata.args.empty()) action.arguments.emplace();
  for (const auto& argument : source.metadata.args) {
    TRY(auto text, workflow::evaluate_text(argument, scope).while_doing("evaluating the action's args"));
    action.arguments->push_back(std::move(text));
  }
  for (const auto& [name, text] : source.metadata.environment) {
    if (action.environment.contains(name)) continue;
    TRY(action.environment[name],
        workflow::evaluate_text(text, scope).while_doing("evaluating the action's env"));
  }
  return {};
}

void register_docker_post(const std::shared_ptr<DockerAction>& action, const LoadedAction& source,
                          RunningJob& job) {
  PostStep post;
  post.name = action->name.starts_with("Post ") ? action->name : "Post " + action->name;
  post.condition = source.metadata.post_if;
  post.run = [action, name = post.name,
              entrypoint = source.metadata.post](RunningJob& running) -> base::Result<void> {
    set_github(running, {{"action", action->step.id}});
    TRY(auto effects, run_part(*action, entrypoint, running, {}));
    apply_to_job(effects, running);
    if (!effects.failed) return {};
    return base::make_error(base::ErrorKind::internal, fmt::format("{} failed", name));
  };
  job.post_steps.push_back(std::move(post));
}

/// Nothing when there is none to run; else what it left behind.
base::Result<std::optional<StepEffects>> run_pre(StepRun& run, const LoadedAction& source,
                                                 DockerAction& action) {
  if (source.metadata.pre.empty()) return std::optional<StepEffects>();
  if (!source.is_remote()) {
    run.job.log->annotation(
        {LineKind::warning,
         fmt::format("`pre` execution is not supported for local action from '{}'", source.folder), "", ""});
    return std::optional<StepEffects>();
  }
  const std::string condition = source.metadata.pre_if.empty() ? "always()" : source.metadata.pre_if;
  TRY(const bool wanted, workflow::evaluate_condition(workflow::Text{condition, 0, 0}, scope_of(run.job)));
  if (!wanted) return std::optional<StepEffects>();
  TRY(auto effects, run_part(action, source.metadata.pre, run.job, run.stop));
  return std::optional(std::move(effects));
}

}  // namespace

base::Result<StepEffects> run_docker_action(StepRun& run, const LoadedAction& source) {
  TRY(check_surroundings(run.job, run.step.uses ? run.step.uses->text : source.folder));
  TRY(const auto inputs, action_inputs(run, source));
  const std::string& named = source.metadata.image;
  TRY(auto image, named.starts_with(kScheme)
                      ? pull_action_image(named.substr(kScheme.size()), run.job, run.stop)
                      : build_action_image(source, run.job, run.stop));
  auto action = make_action(run, std::move(image));
  action->scope.action_path = source.folder;
  action->entrypoint = source.metadata.entrypoint;
  for (const auto& [name, value] : inputs) action->more[input_variable(name)] = value;
  TRY(apply_metadata(run, source, inputs, *action));
  TRY(apply_with(run, *action));
  set_github(run.job, {{"action_repository", source.repository}, {"action_ref", source.ref}});
  if (!source.metadata.post.empty()) register_docker_post(action, source, run.job);
  TRY(auto pre, run_pre(run, source, *action));
  if (pre) {
    apply_to_job(*pre, run.job);
    for (const auto& [name, value] : pre->environment) action->environment[name] = value;
    if (pre->failed) return std::move(*pre);
  }
  return run_part(*action, action->entrypoint, run.job, run.stop);
}

base::Result<StepEffects> run_docker_image(StepRun& run, const std::string& image) {
  TRY(check_surroundings(run.job, image));
  TRY(auto obtained,
      pull_action_image(image.substr(image.starts_with(kScheme) ? kScheme.size() : 0), run.job, run.stop));
  const auto action = make_action(run, std::move(obtained));
  for (const auto& [name, value] : run.with) action->more[input_variable(name)] = value;
  TRY(apply_with(run, *action));
  return run_part(*action, action->entrypoint, run.job, run.stop);
}

}  // namespace steps
