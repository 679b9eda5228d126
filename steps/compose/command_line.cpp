#include "steps/compose/command_line.h"

#include <fmt/format.h>

#include "steps/read_options.h"

namespace steps::compose {

namespace {

using Option = CommandOption<CommandLine>;
using Text = const std::string&;

constexpr auto kNothing = [](CommandLine&, Text) {};

const std::map<std::string_view, Verb>& verbs() {
  static const std::map<std::string_view, Verb> kVerbs = {
      {"build", Verb::build},   {"config", Verb::config},   {"down", Verb::down}, {"exec", Verb::exec},
      {"kill", Verb::kill},     {"logs", Verb::logs},       {"port", Verb::port}, {"ps", Verb::ps},
      {"pull", Verb::pull},     {"restart", Verb::restart}, {"rm", Verb::rm},     {"run", Verb::run},
      {"start", Verb::start},   {"stop", Verb::stop},       {"up", Verb::up},     {"version", Verb::version},
      {"convert", Verb::config}};
  return kVerbs;
}

const std::vector<Option>& global_options() {
  static const std::vector<Option> kOptions = {
      {"-f", true, [](CommandLine& c, Text v) { c.files.push_back(v); }},
      {"--file", true, [](CommandLine& c, Text v) { c.files.push_back(v); }},
      {"-p", true, [](CommandLine& c, Text v) { c.project = v; }},
      {"--project-name", true, [](CommandLine& c, Text v) { c.project = v; }},
      {"--project-directory", true, [](CommandLine& c, Text v) { c.directory = v; }},
      {"--env-file", true, [](CommandLine& c, Text v) { c.environment_files.push_back(v); }},
      {"--profile", true, [](CommandLine& c, Text v) { c.profiles.push_back(v); }},
      {"--version", false, [](CommandLine& c, Text) { c.verb = Verb::version; }},
      {"-v", false, [](CommandLine& c, Text) { c.verb = Verb::version; }},
      // There is no terminal to draw on, and everything is done in the order that the file asks for.
      {"--ansi", true, kNothing},
      {"--progress", true, kNothing},
      {"--parallel", true, kNothing},
      {"--verbose", false, kNothing},
      {"--compatibility", false, nullptr}};
  return kOptions;
}

const std::vector<Option>& up_options() {
  static const std::vector<Option> kOptions = {
      {"-d", false, [](CommandLine& c, Text) { c.detach = true; }},
      {"--detach", false, [](CommandLine& c, Text) { c.detach = true; }},
      {"--wait", false, [](CommandLine& c, Text) { c.wait = c.detach = true; }},
      {"--wait-timeout", true, [](CommandLine& c, Text v) { c.wait_seconds = v; }},
      {"--build", false, [](CommandLine& c, Text) { c.build = true; }},
      {"--no-build", false, [](CommandLine& c, Text) { c.no_build = true; }},
      {"--no-start", false, [](CommandLine& c, Text) { c.no_start = c.detach = true; }},
      {"--no-deps", false, [](CommandLine& c, Text) { c.no_dependencies = true; }},
      {"--force-recreate", false, [](CommandLine& c, Text) { c.recreate = true; }},
      {"--no-recreate", false, [](CommandLine& c, Text) { c.keep = true; }},
      {"--remove-orphans", false, [](CommandLine& c, Text) { c.remove_orphans = true; }},
      {"--abort-on-container-exit", false, [](CommandLine& c, Text) { c.abort_on_exit = true; }},
      {"--abort-on-container-failure", false, [](CommandLine& c, Text) { c.abort_on_failure = true; }},
      {"--exit-code-from", true,
       [](CommandLine& c, Text v) {
         c.exit_code_from = v;
         c.abort_on_exit = true;
       }},
      {"--pull", true, [](CommandLine& c, Text v) { c.pull = v; }},
      {"-t", true, [](CommandLine& c, Text v) { c.seconds = v; }},
      {"--timeout", true, [](CommandLine& c, Text v) { c.seconds = v; }},
      {"--no-log-prefix", false, [](CommandLine& c, Text) { c.no_prefix = true; }},
      {"--no-color", false, kNothing},
      {"--quiet-pull", false, kNothing},
      {"-y", false, kNothing},
      {"--yes", false, kNothing}};
  return kOptions;
}

const std::vector<Option>& log_options() {
  static const std::vector<Option> kOptions = {
      {"-f", false, [](CommandLine& c, Text) { c.follow = true; }},
      {"--follow", false, [](CommandLine& c, Text) { c.follow = true; }},
      {"-n", true, [](CommandLine& c, Text v) { c.tail = v; }},
      {"--tail", true, [](CommandLine& c, Text v) { c.tail = v; }},
      {"--no-log-prefix", false, [](CommandLine& c, Text) { c.no_prefix = true; }},
      {"--no-color", false, kNothing}};
  return kOptions;
}

const std::vector<Option>& ps_options() {
  static const std::vector<Option> kOptions = {
      {"-a", false, [](CommandLine& c, Text) { c.all = true; }},
      {"--all", false, [](CommandLine& c, Text) { c.all = true; }},
      {"-q", false, [](CommandLine& c, Text) { c.quiet = true; }},
      {"--quiet", false, [](CommandLine& c, Text) { c.quiet = true; }},
      {"--services", false, [](CommandLine& c, Text) { c.names_only = true; }},
      {"--status", true, [](CommandLine& c, Text v) { c.statuses.push_back(v); }},
      {"--format", true, [](CommandLine& c, Text v) { c.format = v; }},
      {"--no-trunc", false, kNothing}};
  return kOptions;
}

/// Of down, stop, start, restart, kill and rm.
const std::vector<Option>& end_options() {
  static const std::vector<Option> kOptions = {
      {"-v", false, [](CommandLine& c, Text) { c.volumes = true; }},
      {"--volumes", false, [](CommandLine& c, Text) { c.volumes = true; }},
      {"--remove-orphans", false, [](CommandLine& c, Text) { c.remove_orphans = true; }},
      {"--rmi", true, [](CommandLine& c, Text v) { c.remove_images = v; }},
      {"-t", true, [](CommandLine& c, Text v) { c.seconds = v; }},
      {"--timeout", true, [](CommandLine& c, Text v) { c.seconds = v; }},
      {"--signal", true, [](CommandLine& c, Text v) { c.signal = v; }},
      {"-s", false, [](CommandLine& c, Text) { c.stop_first = true; }},
      {"--stop", false, [](CommandLine& c, Text) { c.stop_first = true; }},
      {"-f", false, kNothing},
      {"--force", false, kNothing}};
  return kOptions;
}

template <char const* name>
constexpr auto passed_on = [](CommandLine& c, Text v) { c.passed.push_back(std::string(name) + "=" + v); };
constexpr char kEnv[] = "--env", kUser[] = "--user", kWorkdir[] = "--workdir", kVolume[] = "--volume",
               kPublish[] = "--publish", kEntrypoint[] = "--entrypoint", kLabel[] = "--label",
               kBuildArg[] = "--build-arg";

const std::vector<Option>& run_options() {
  static const std::vector<Option> kOptions = {
      {"-d", false, [](CommandLine& c, Text) { c.detach = true; }},
      {"--detach", false, [](CommandLine& c, Text) { c.detach = true; }},
      {"--rm", false, [](CommandLine& c, Text) { c.remove = true; }},
      {"--name", true, [](CommandLine& c, Text v) { c.name = v; }},
      {"--build", false, [](CommandLine& c, Text) { c.build = true; }},
      {"--no-deps", false, [](CommandLine& c, Text) { c.no_dependencies = true; }},
      {"-P", false, [](CommandLine& c, Text) { c.service_ports = true; }},
      {"--service-ports", false, [](CommandLine& c, Text) { c.service_ports = true; }},
      {"--remove-orphans", false, [](CommandLine& c, Text) { c.remove_orphans = true; }},
      {"--pull", true, [](CommandLine& c, Text v) { c.pull = v; }},
      {"-e", true, passed_on<kEnv>},
      {"--env", true, passed_on<kEnv>},
      {"-u", true, passed_on<kUser>},
      {"--user", true, passed_on<kUser>},
      {"-w", true, passed_on<kWorkdir>},
      {"--workdir", true, passed_on<kWorkdir>},
      {"-v", true, passed_on<kVolume>},
      {"--volume", true, passed_on<kVolume>},
      {"-p", true, passed_on<kPublish>},
      {"--publish", true, passed_on<kPublish>},
      {"-l", true, passed_on<kLabel>},
      {"--label", true, passed_on<kLabel>},
      {"--entrypoint", true, passed_on<kEntrypoint>},
      // There is no terminal in a job; its standard input is always there.
      {"-T", false, kNothing},
      {"--no-TTY", false, kNothing},
      {"-i", false, kNothing},
      {"--interactive", false, kNothing},
      {"-t", false, kNothing},
      {"--quiet-pull", false, kNothing}};
  return kOptions;
}

const std::vector<Option>& build_options() {
  static const std::vector<Option> kOptions = {
      {"--no-cache", false, [](CommandLine& c, Text) { c.passed.emplace_back("--no-cache"); }},
      {"--pull", false, [](CommandLine& c, Text) { c.passed.emplace_back("--pull"); }},
      {"-q", false, [](CommandLine& c, Text) { c.passed.emplace_back("--quiet"); }},
      {"--quiet", false, [](CommandLine& c, Text) { c.passed.emplace_back("--quiet"); }},
      {"--build-arg", true, passed_on<kBuildArg>},
      {"--progress", true, kNothing}};
  return kOptions;
}

const std::vector<Option>& other_options() {
  static const std::vector<Option> kOptions = {
      {"-q", false, [](CommandLine& c, Text) { c.quiet = true; }},
      {"--quiet", false, [](CommandLine& c, Text) { c.quiet = true; }},
      {"--services", false, [](CommandLine& c, Text) { c.names_only = true; }},
      {"--images", false, [](CommandLine& c, Text) { c.images_only = true; }},
      {"--short", false, [](CommandLine& c, Text) { c.quiet = true; }}};
  return kOptions;
}

const std::vector<Option>& options_of(Verb verb) {
  switch (verb) {
    case Verb::up:
      return up_options();
    case Verb::logs:
      return log_options();
    case Verb::ps:
      return ps_options();
    case Verb::down:
    case Verb::stop:
    case Verb::start:
    case Verb::restart:
    case Verb::kill:
    case Verb::rm:
      return end_options();
    case Verb::run:
    case Verb::exec:
      return run_options();
    case Verb::build:
      return build_options();
    default:
      return other_options();
  }
}

}  // namespace

base::Result<CommandLine> read_command_line(const std::vector<std::string>& arguments) {
  CommandLine line;
  OptionWords words{.command = "docker compose", .words = arguments, .operands = Operands::end_the_options};
  TRY(const auto before, read_options(global_options(), words, line));
  if (before.operands.empty()) return line;
  const auto& name = before.operands[0];
  const auto verb = verbs().find(name);
  if (verb == verbs().end()) {
    std::string known;
    for (const auto& [each, ignored] : verbs()) known += fmt::format("{}{}", known.empty() ? "" : ", ", each);
    return base::invalid_input(
        fmt::format("docker compose: '{}' is not supported by the built-in compose of this run; what is: {}",
                    name, known));
  }
  line.verb = verb->second;
  const bool has_command = line.verb == Verb::run || line.verb == Verb::exec || line.verb == Verb::port;
  OptionWords rest{.command = "docker compose " + name,
                   .words = {before.operands.begin() + 1, before.operands.end()},
                   .operands = has_command ? Operands::end_the_options : Operands::anywhere};
  TRY(auto read, read_options(options_of(line.verb), std::move(rest), line));
  if (!has_command) {
    line.services = std::move(read.operands);
    return line;
  }
  if (read.operands.size() < (line.verb == Verb::run ? 1U : 2U))
    return base::invalid_input(fmt::format("docker compose {}: expected a service and what to do", name));
  line.services = {read.operands[0]};
  line.command.assign(read.operands.begin() + 1, read.operands.end());
  return line;
}

}  // namespace steps::compose
