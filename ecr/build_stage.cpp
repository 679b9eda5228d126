#include "ecr/build_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/json.h"
#include "base/signal_names.h"
#include "base/strings.h"
#include "ecr/duration.h"
#include "ecr/exposed_ports.h"

namespace ecr {

using base::ErrorKind;
using base::make_error;
using base::Result;

namespace {

constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

bool may_make_layer(const Instruction& instruction) {
  return instruction.keyword == "RUN" || instruction.keyword == "COPY" || instruction.keyword == "ADD" ||
         instruction.keyword == "WORKDIR";
}

}  // namespace

BuildContext::BuildContext(const BuildOptions& build_options, ImageStore& image_store,
                           const Dockerfile& dockerfile, const DockerIgnore& dockerignore,
                           GlobalVariables global_variables)
    : options(build_options),
      store(image_store),
      file(dockerfile),
      ignore(dockerignore),
      variables(std::move(global_variables)),
      places(std::max(2U, std::thread::hardware_concurrency())) {}

void BuildContext::tell(int step, BuildProgress::What what, const std::string& text) {
  const std::lock_guard lock(mutex);
  if (options.progress) options.progress({step, what, fmt::format("#{} {}", step, text)});
}

void BuildContext::used(BuildMaterial material) {
  const std::lock_guard lock(mutex);
  materials.push_back(std::move(material));
}

StageBuilder::StageBuilder(BuildContext& build, const Stage& stage, BuiltStage base, StagePlace place)
    : build_(build), stage_(stage), image_(std::move(base)), place_(std::move(place)) {
  // Programs find each other also where the base image says nothing of it, as in `scratch`.
  if (!image_.config.env_value("PATH")) image_.config.set_env("PATH", kDefaultPath);
  steps_ = 1 + static_cast<int>(
                   std::count_if(stage.instructions.begin(), stage.instructions.end(), may_make_layer));
  step_ = 1;
}

Result<BuiltStage> StageBuilder::run() {
  build_.tell(++build_.next_step, BuildProgress::What::started,
              fmt::format("[{} 1/{}] FROM {}", place_.label, steps_, stage_.base));
  for (const auto& layer : image_.stack.layers) tell_layer(layer);
  TRY(run_triggers());
  for (const auto& instruction : stage_.instructions) {
    if (build_.stop.stop_requested()) return make_error(ErrorKind::cancelled, "the build was stopped");
    auto done = carry_out(instruction);
    if (done) continue;
    auto error = std::move(done).error();
    if (!error.location) error.location = base::Location{build_.file.file_name, instruction.line, 1};
    return error;
  }
  return std::move(image_);
}

// What the base image's ONBUILD left for those who build on it.
Result<void> StageBuilder::run_triggers() {
  if (image_.config.on_build.empty()) return {};
  std::string text = "FROM base\n";
  for (const auto& trigger : image_.config.on_build) text += trigger + "\n";
  image_.config.on_build.clear();
  TRY(const auto parsed, parse_dockerfile(text, "ONBUILD of " + stage_.base));
  for (const auto& instruction : parsed.stages[0].instructions) TRY(carry_out(instruction));
  return {};
}

Result<void> StageBuilder::carry_out(const Instruction& instruction) {
  const auto& keyword = instruction.keyword;
  if (keyword == "RUN") return run_command(instruction);
  if (keyword == "COPY" || keyword == "ADD") return copy(instruction);
  if (keyword == "WORKDIR") return set_working_dir(instruction);
  TRY(configure(instruction));
  if (keyword != "ARG") note(instruction, true);
  return {};
}

Result<void> StageBuilder::configure(const Instruction& instruction) {
  auto& config = image_.config;
  const auto& keyword = instruction.keyword;
  if (keyword == "ENV") return set_environment(instruction);
  if (keyword == "LABEL") return set_labels(instruction);
  if (keyword == "ARG") return declare_args(instruction);
  if (keyword == "HEALTHCHECK") return set_health_check(instruction);
  if (keyword == "EXPOSE") return set_list(instruction, config.exposed_ports);
  if (keyword == "VOLUME") return set_list(instruction, config.volumes);
  if (keyword == "SHELL") {
    config.shell = instruction.arguments;
  } else if (keyword == "CMD") {
    config.cmd = command_line(instruction);
    has_own_cmd_ = true;
  } else if (keyword == "ENTRYPOINT") {
    config.entrypoint = command_line(instruction);
    // An inherited CMD was meant as arguments of the inherited ENTRYPOINT.
    if (!has_own_cmd_) config.cmd.reset();
  } else if (keyword == "USER") {
    TRY(config.user, expand(instruction.arguments[0]));
  } else if (keyword == "STOPSIGNAL") {
    TRY(config.stop_signal, expand(instruction.arguments[0]));
    if (!base::signal_number(config.stop_signal)) {
      return base::invalid_input(
          fmt::format("STOPSIGNAL: expected a signal's name or number, as SIGTERM or 15; found '{}'",
                      config.stop_signal));
    }
  } else if (keyword == "MAINTAINER") {
    config.author = instruction.arguments[0];
  } else if (keyword == "ONBUILD") {
    TRY(const auto checked,
        parse_dockerfile("FROM base\n" + instruction.arguments[0], build_.file.file_name));
    config.on_build.push_back(instruction.arguments[0]);
  }
  return {};
}

Result<void> StageBuilder::set_environment(const Instruction& instruction) {
  // All values are read before any is set: `ENV a=1 b=$a` sees the old a.
  TRY(const auto words, expand_all(instruction.arguments));
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) image_.config.set_env(words[i], words[i + 1]);
  return {};
}

Result<void> StageBuilder::set_labels(const Instruction& instruction) {
  TRY(const auto words, expand_all(instruction.arguments));
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) image_.config.labels[words[i]] = words[i + 1];
  return {};
}

Result<void> StageBuilder::declare_args(const Instruction& instruction) {
  const std::lock_guard lock(build_.mutex);
  for (const auto& word : instruction.arguments) {
    const auto declaration = parse_arg(word);
    if (auto given = build_.variables.given(declaration.name)) {
      image_.args[declaration.name] = *given;
    } else if (declaration.fallback) {
      TRY(image_.args[declaration.name], expand(*declaration.fallback));
    } else if (auto global = build_.variables.for_stage(declaration.name)) {
      image_.args[declaration.name] = *global;
    }
  }
  return {};
}

Result<void> StageBuilder::set_health_check(const Instruction& instruction) {
  HealthCheck check;
  const auto duration = [&](const char* name, std::int64_t& into) -> Result<void> {
    const auto text = instruction.flag(name);
    if (!text) return {};
    TRY(const auto expanded, expand(*text));
    TRY(into, parse_go_duration(expanded).while_doing(fmt::format("reading --{}", name)));
    return {};
  };
  TRY(duration("interval", check.interval_ns));
  TRY(duration("timeout", check.timeout_ns));
  TRY(duration("start-period", check.start_period_ns));
  TRY(duration("start-interval", check.start_interval_ns));
  if (const auto text = instruction.flag("retries")) {
    const auto retries = base::parse_integer(*text);
    if (!retries || *retries < 0)
      return make_error(ErrorKind::invalid_input,
                        fmt::format("--retries: expected a number, found '{}'", *text));
    check.retries = static_cast<int>(*retries);
  }
  const bool none = !instruction.exec_form && instruction.arguments[0] == "NONE";
  check.test = {none ? "NONE" : (instruction.exec_form ? "CMD" : "CMD-SHELL")};
  if (!none) check.test.insert(check.test.end(), instruction.arguments.begin(), instruction.arguments.end());
  image_.config.health_check = std::move(check);
  return {};
}

Result<void> StageBuilder::set_list(const Instruction& instruction, Words& list) {
  TRY(const auto words, expand_all(instruction.arguments));
  for (const auto& word : words) {
    Words entries = {word};
    if (instruction.keyword == "EXPOSE") {
      // A variable may hold several ports.
      entries.clear();
      for (const auto& entry : split_raw_words(word)) {
        TRY(const auto exposed, parse_exposed_ports(entry));
        entries.insert(entries.end(), exposed.ports.begin(), exposed.ports.end());
      }
    }
    list.insert(list.end(), entries.begin(), entries.end());
  }
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return {};
}

std::vector<std::string> StageBuilder::command_line(const Instruction& instruction) const {
  if (instruction.exec_form) return instruction.arguments;
  auto argv = image_.config.shell;
  if (argv.empty()) argv = {"/bin/sh", "-c"};
  argv.push_back(instruction.arguments[0]);
  return argv;
}

std::optional<std::string> StageBuilder::variable(std::string_view name) const {
  if (auto value = image_.config.env_value(name)) return value;
  const auto found = image_.args.find(std::string(name));
  return found == image_.args.end() ? std::nullopt : std::optional(found->second);
}

Result<bool> StageBuilder::flag_is_set(const Instruction& instruction, std::string_view name) const {
  const auto text = instruction.flag(name);
  if (!text) return false;
  TRY(const auto value, expand(*text));
  if (value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  return make_error(ErrorKind::invalid_input,
                    fmt::format("--{}: expected true or false, found '{}'", name, value));
}

Result<std::string> StageBuilder::expand(const std::string& word) const {
  return expand_word(
      word, [this](std::string_view name) { return variable(name); }, build_.file.escape);
}

Result<std::vector<std::string>> StageBuilder::expand_all(const Words& words) const {
  Words expanded;
  for (const auto& word : words) {
    TRY(auto value, expand(word));
    expanded.push_back(std::move(value));
  }
  return expanded;
}

std::map<std::string, std::string> StageBuilder::environment() const {
  auto variables = image_.args;
  for (const auto& entry : image_.config.env) {
    const auto equals = entry.find('=');
    if (equals != std::string::npos) variables[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return variables;
}

void StageBuilder::note(const Instruction& instruction, bool empty_layer) {
  HistoryEntry entry{.created = image_.stack.created,
                     .created_by = instruction.original,
                     .comment = "pipeline",
                     .empty_layer = empty_layer};
  if (entry.created.empty()) entry.created = now();
  image_.config.history.push_back(std::move(entry));
}

}  // namespace ecr
