// The instructions of a stage that change files: WORKDIR and RUN. COPY and ADD are in build_stage_copy.cpp.
#include <fcntl.h>
#include <fmt/format.h>

#include "base/clock.h"
#include "base/strings.h"
#include "ecr/build_command.h"
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

Result<void> StageBuilder::run_command(const Instruction& instruction) {
  if (image_.stack.layers.empty())
    return make_error(ErrorKind::invalid_input, "RUN: there is no shell or program to run in `scratch`");
  auto argv = command_line(instruction);
  if (!instruction.here_documents.empty()) {
    // `RUN <<EOF` alone is a script for the shell; with a command in front, the shell reads the documents
    // itself.
    const auto& first = instruction.here_documents[0];
    const bool script_alone = argv.back().starts_with("<<") && instruction.here_documents.size() == 1;
    std::string script = script_alone ? first.content : argv.back() + "\n";
    if (!script_alone) {
      for (const auto& document : instruction.here_documents)
        script += document.content + document.name + "\n";
    }
    argv.back() = script;
  }
  std::vector<std::string> parts = {"RUN", image_.config.user, image_.config.working_dir};
  if (const auto network = instruction.flag("network")) parts.push_back("network=" + *network);
  parts.insert(parts.end(), argv.begin(), argv.end());
  for (const auto& [name, value] : environment()) parts.push_back(name + "=" + value);
  return make_layer(instruction, {.key = layer_key(parts), .make = [&](const OverlayUpper& upper, int step) {
                                    return execute(instruction, argv, upper, step);
                                  }});
}

Result<void> StageBuilder::execute(const Instruction& instruction, const std::vector<std::string>& argv,
                                   const OverlayUpper& upper, int step) {
  BuildCommand command{.upper = upper, .limits = build_.options.limits, .stop = build_.options.stop};
  TRY(command.lower, trees_of(image_.stack, build_.store));
  TRY(const auto user, find_user(command.lower, image_.config.user));
  const auto network = instruction.flag("network").value_or("default");
  if (network != "default" && network != "none" && network != "host") {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("RUN --network: expected default, none or host, found '{}'", network));
  }
  command.network = network == "none" ? sandbox::NetworkMode::isolated : build_.options.network;
  command.command.argv = argv;
  command.command.environment = environment();
  command.command.environment.try_emplace("HOME", image_.config.user.empty() ? "/root" : user.home);
  command.command.directory = image_.config.working_dir.empty() ? "/" : image_.config.working_dir;
  command.command.uid = user.uid;
  command.command.gid = user.gid;
  const auto began = base::system_clock().steady_now();
  command.on_line = [&](std::string_view line) {
    const std::chrono::duration<double> since = base::system_clock().steady_now() - began;
    build_.tell(step, BuildProgress::What::output, fmt::format("{:.3f} {}", since.count(), line));
  };
  TRY(const int code, run_build_command(command));
  if (code == 0) return {};
  auto error =
      make_error(ErrorKind::remote, fmt::format("process \"{}\" did not complete successfully: exit code: {}",
                                                base::join(argv, " "), code));
  error.code = std::to_string(code);
  return error;
}

}  // namespace ecr
