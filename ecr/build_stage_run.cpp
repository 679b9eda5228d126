// RUN of a stage.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "base/strings.h"
#include "ecr/build_command.h"
#include "ecr/build_mounts.h"
#include "ecr/build_stage.h"
#include "ecr/foreign_platform.h"
#include "ecr/image_user.h"
#include "ecr/source_digest.h"

namespace ecr {

using base::ErrorKind;
using base::make_error;
using base::Path;
using base::Result;

namespace {

/// What BuildKit gives to those who are allowed to: here nobody is, whatever `--allow` says elsewhere.
Result<void> check_entitlement(const std::string& flag, const std::string& value) {
  if (flag == "security" && value == "sandbox") return {};
  if (flag == "device") {
    return base::invalid_input(
        fmt::format("RUN --device={}: no device of the machine is given to a build", value));
  }
  return base::invalid_input(
      fmt::format("RUN --security={} is not supported; what is: sandbox. No command of a build runs without "
                  "one",
                  value));
}

}  // namespace

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
  std::string alone;  // the text if it is a document and nothing else
  for (const char c : text) {
    if (c != ' ' && c != '\t') alone += c;
  }
  // `RUN <<EOF` alone is a script; with a command beside it, the shell reads the documents itself.
  if (alone != first.word) {
    for (const auto& document : instruction.here_documents) text += "\n" + document.content + document.name;
  } else if (first.content.starts_with("#!")) {
    plan.script = first.content;
    plan.argv = {"/dev/pipes/" + first.name};
  } else {
    text = first.content;
  }
  return {};
}

Result<void> StageBuilder::plan_mount(const std::string& text, RunPlan& plan) const {
  TRY(auto mount, parse_build_mount(text, image_.config.working_dir));
  const auto same = [&](const BuildMount& other) { return other.type == mount.type; };
  if (mount.type == BuildMount::Type::ssh && mount.target == "/run/buildkit/ssh_agent.0")
    mount.target.back() =
        static_cast<char>('0' + std::count_if(plan.mounts.begin(), plan.mounts.end(), same) % 10);
  const bool reads =
      mount.type == BuildMount::Type::bind || (mount.type == BuildMount::Type::cache && !mount.from.empty());
  if (reads) {
    // What is read decides what comes out, wherever it is from.
    TRY(const auto open, open_source(mount.from));
    if (open.source.root < 0)
      return make_error(ErrorKind::invalid_input, "RUN --mount: there is no build context to mount");
    if (open.is_image) {
      plan.key.push_back(open.from.stack.chain_id());
    } else {
      const Path inside = Path("/" + mount.source).lexically_normal().relative_path();
      TRY(const auto digest, remembered_digest_of_sources(
                                 open.source, {{.path = inside.string(), .kept = ""}}, false, build_.store));
      plan.key.push_back(digest);
    }
  }
  plan.mounts.push_back(std::move(mount));
  return {};
}

Result<void> StageBuilder::plan_run(const Instruction& instruction, RunPlan& plan) const {
  plan.argv = command_line(instruction);
  TRY(plan_documents(instruction, plan));
  plan.network = build_.options.network;
  plan.key = {"RUN", image_.config.user, image_.config.working_dir, build_.variables.hostname()};
  for (const auto& [flag, value] : instruction.flags) {
    TRY(const auto expanded, expand(value));
    plan.key.push_back(flag + "=" + expanded);
    if (flag == "mount") {
      TRY(plan_mount(expanded, plan));
    } else if (flag == "security" || flag == "device") {
      TRY(check_entitlement(flag, expanded));
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

Result<void> StageBuilder::check_platform_runs() const {
  return check_programs_run(place_.platform);
}

Result<void> StageBuilder::run_command(const Instruction& instruction) {
  if (image_.stack.layers.empty())
    return make_error(ErrorKind::invalid_input, "RUN: there is no shell or program to run in `scratch`");
  TRY(check_platform_runs());
  RunPlan plan;
  TRY(plan_run(instruction, plan));
  const auto make = [&](const OverlayUpper& upper, int step) { return execute(plan, upper, step); };
  return make_layer(instruction, {.key = layer_key(plan.key), .make = make});
}

Result<void> StageBuilder::execute(const RunPlan& plan, const OverlayUpper& upper, int step) {
  const auto& options = build_.options;
  BuildCommand command{.upper = upper,
                       .network = plan.network,
                       .limits = options.limits,
                       .hostname = build_.variables.hostname(),
                       .stop = build_.stop};
  TRY(command.lower, trees_of(image_.stack, build_.store));
  TRY(const auto user, find_user(command.lower, image_.config.user));
  if (::geteuid() != 0 && (user.uid != 0 || user.gid != 0)) {
    return make_error(ErrorKind::denied,
                      fmt::format("RUN as '{}': a build without root has one id, that of the image's root; "
                                  "build as root, or let USER come after the last RUN",
                                  image_.config.user));
  }
  const MountMaterial material{
      options.secrets, options.ssh_agents,
      [this](const BuildMount& mount, const Path& to) { return copy_for_mount(mount, to); }};
  TRY(auto prepared, PreparedMounts::prepare(plan.mounts, material, build_.store, build_.stop));
  if (!plan.script.empty()) TRY(prepared.add_script(plan.script, plan.argv[0], build_.store));
  command.mounts = prepared.mounts();
  command.when_mounted = [&prepared] { prepared.forget_secrets(); };
  command.command = {.argv = plan.argv,
                     .environment = environment(),
                     .directory = image_.config.working_dir.empty() ? "/" : image_.config.working_dir,
                     .uid = user.uid,
                     .gid = user.gid,
                     .groups = user.groups};
  // Not in the key: what a command makes is the same whichever way it went to the network.
  command.command.environment.merge(build_.variables.proxies());
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
