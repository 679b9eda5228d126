// The instructions of a stage that change files: WORKDIR and RUN. COPY and ADD are in build_stage_copy.cpp.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strings.h"
#include "ecr/build_command.h"
#include "ecr/build_mounts.h"
#include "ecr/build_stage.h"
#include "ecr/image_user.h"
#include "sandbox/plan.h"

namespace ecr {

using base::ErrorKind;
using base::make_error;
using base::Path;
using base::Result;

std::string StageBuilder::now() const {
  const auto wall = build_.options.source_date_epoch
                        ? base::from_epoch_seconds(static_cast<double>(*build_.options.source_date_epoch))
                        : base::system_clock().now();
  return base::format_iso8601(wall);
}

std::string StageBuilder::absolute(const std::string& path) const {
  const Path base = image_.config.working_dir.empty() ? "/" : image_.config.working_dir;
  auto normal = (base / path).lexically_normal().string();
  const bool folder = path.ends_with('/') || path == "." || path.ends_with("/.");
  if (folder && !normal.ends_with('/')) normal += '/';
  return normal;
}

Result<FileOwner> StageBuilder::find_owner(const std::string& text) {
  TRY(const auto trees, trees_of(image_.stack, build_.store));
  // A number alone is user and group; a name's group is the one it has in passwd.
  const bool bare_number = base::parse_integer(text).has_value();
  TRY(const auto user, find_user(trees, bare_number ? text + ":" + text : text));
  return FileOwner{user.uid, user.gid};
}

Result<void> StageBuilder::make_layer(const Instruction& instruction, const LayerRecipe& recipe) {
  const int step = ++build_.next_step;
  const auto title = fmt::format("[{} {}/{}] {}", label_, ++step_, steps_, instruction.original);
  build_.tell(step, BuildProgress::What::started, title);
  const auto key = layer_key({image_.stack.chain_id(), to_string(build_.options.platform), recipe.key});
  if (!build_.options.no_cache) {
    if (auto cached = find_cached_layer(build_.store, key)) {
      image_.stack.add(cached->layer, cached->created);
      note(instruction, false);
      ++build_.steps_cached;
      build_.tell(step, BuildProgress::What::cached, "CACHED");
      return {};
    }
  }
  const auto began = base::system_clock().steady_now();
  TRY(auto making, LayerInTheMaking::start(build_.store));
  auto made = recipe.make(making.folders(), step);
  if (!made) {
    build_.tell(step, BuildProgress::What::failed, "ERROR: " + made.error().message);
    return made;
  }
  TRY(auto layer, making.finish(build_.store, build_.options.source_date_epoch));
  const auto created = now();
  TRY(remember_layer(build_.store, key, {layer, created}));
  image_.stack.add(layer, created);
  note(instruction, false);
  ++build_.steps_run;
  const std::chrono::duration<double> took = base::system_clock().steady_now() - began;
  build_.tell(step, BuildProgress::What::done, fmt::format("DONE {:.1f}s", took.count()));
  return {};
}

Result<void> StageBuilder::set_working_dir(const Instruction& instruction) {
  TRY(const auto expanded, expand(instruction.arguments[0]));
  auto path = absolute(expanded);
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  image_.config.working_dir = path;
  TRY(const auto trees, trees_of(image_.stack, build_.store));
  if (path == "/") {
    ++step_;
    note(instruction, true);
    return {};
  }
  if (!trees.empty()) {
    TRY(const auto root, open_overlay(trees, std::nullopt));
    if (base::open_beneath(root.get(), path.substr(1), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
      ++step_;
      note(instruction, true);
      return {};
    }
  }
  return make_layer(instruction, {.key = layer_key({"WORKDIR", path, image_.config.user}),
                                  .make = [&](const OverlayUpper& upper, int) -> Result<void> {
                                    TRY(const auto root, open_overlay(trees, upper));
                                    TRY(const auto owner, find_owner(image_.config.user));
                                    const CopyTarget target{root.get(), path, sandbox::first_host_id(0)};
                                    TRY(ensure_folder(target, path, owner));
                                    return {};
                                  }});
}

/// What a RUN runs, and in what.
struct StageBuilder::RunPlan {
  Words argv;
  std::string script;  ///< a here-document that names its own interpreter; argv[0] is where it goes
  std::vector<BuildMount> mounts;
  Words key;
  sandbox::NetworkMode network = sandbox::NetworkMode::host;
};

Result<void> StageBuilder::plan_documents(const Instruction& instruction, RunPlan& plan) const {
  if (instruction.here_documents.empty() || instruction.exec_form) return {};
  const auto& first = instruction.here_documents[0];
  auto& text = plan.argv.back();
  // `RUN <<EOF` alone is a script; with a command in front, the shell reads the documents itself.
  if (split_raw_words(text, build_.file.escape).size() > 1) {
    text += "\n";
    for (const auto& document : instruction.here_documents) text += document.content + document.name + "\n";
  } else if (first.content.starts_with("#!")) {
    plan.script = first.content;
    plan.argv = {"/dev/pipes/" + first.name};
  } else {
    text = first.content;
  }
  return {};
}

Result<void> StageBuilder::plan_run(const Instruction& instruction, RunPlan& plan) const {
  plan.argv = command_line(instruction);
  TRY(plan_documents(instruction, plan));
  plan.network = build_.options.network;
  plan.key = {"RUN", image_.config.user, image_.config.working_dir};
  for (const auto& [flag, value] : instruction.flags) {
    TRY(const auto expanded, expand(value));
    plan.key.push_back(flag + "=" + expanded);
    if (flag == "mount") {
      TRY(auto mount, parse_build_mount(expanded, image_.config.working_dir));
      plan.mounts.push_back(std::move(mount));
    } else if (expanded == "none") {
      plan.network = sandbox::NetworkMode::isolated;
    } else if (expanded != "default" && expanded != "host") {
      return make_error(ErrorKind::invalid_input,
                        fmt::format("RUN --network: expected default, none or host, found '{}'", expanded));
    }
  }
  plan.key.push_back(plan.script);
  plan.key.insert(plan.key.end(), plan.argv.begin(), plan.argv.end());
  for (const auto& [name, value] : environment()) plan.key.push_back(name + "=" + value);
  return {};
}

Result<void> StageBuilder::run_command(const Instruction& instruction) {
  if (image_.stack.layers.empty())
    return make_error(ErrorKind::invalid_input, "RUN: there is no shell or program to run in `scratch`");
  RunPlan plan;
  TRY(plan_run(instruction, plan));
  const auto make = [&](const OverlayUpper& upper, int step) { return execute(plan, upper, step); };
  return make_layer(instruction, {.key = layer_key(plan.key), .make = make});
}

Result<void> StageBuilder::execute(const RunPlan& plan, const OverlayUpper& upper, int step) {
  const auto& options = build_.options;
  BuildCommand command{
      .upper = upper, .network = plan.network, .limits = options.limits, .stop = options.stop};
  TRY(command.lower, trees_of(image_.stack, build_.store));
  TRY(const auto user, find_user(command.lower, image_.config.user));
  if (::geteuid() != 0 && (user.uid != 0 || user.gid != 0)) {
    return make_error(ErrorKind::denied,
                      fmt::format("RUN as '{}': a build without root has one id, that of the image's root; "
                                  "build as root, or let USER come after the last RUN",
                                  image_.config.user));
  }
  TRY(auto prepared, PreparedMounts::prepare(plan.mounts, options.secrets, build_.store, options.stop));
  if (!plan.script.empty()) TRY(prepared.add_script(plan.script, plan.argv[0], build_.store));
  command.mounts = prepared.mounts();
  command.when_mounted = [&prepared] { prepared.forget_secrets(); };
  command.command = {.argv = plan.argv,
                     .environment = environment(),
                     .directory = image_.config.working_dir.empty() ? "/" : image_.config.working_dir,
                     .uid = user.uid,
                     .gid = user.gid};
  command.command.environment.try_emplace("HOME", image_.config.user.empty() ? "/root" : user.home);
  for (const auto& [name, value] : prepared.variables()) command.command.environment[name] = value;
  const auto began = base::system_clock().steady_now();
  command.on_line = [&](std::string_view line) {
    const std::chrono::duration<double> since = base::system_clock().steady_now() - began;
    build_.tell(step, BuildProgress::What::output, fmt::format("{:.3f} {}", since.count(), line));
  };
  TRY(const int code, run_build_command(command));
  if (code == 0) return {};
  const auto shown = base::join(plan.argv, " ");
  auto error =
      make_error(ErrorKind::remote,
                 fmt::format("process \"{}\" did not complete successfully: exit code: {}", shown, code));
  error.code = std::to_string(code);
  return error;
}

}  // namespace ecr
