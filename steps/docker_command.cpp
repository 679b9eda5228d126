#include "steps/docker_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/strings.h"
#include "steps/docker_options.h"

namespace steps {
namespace {

struct VerbName {
  std::string_view name;
  DockerVerb verb;
};
constexpr std::array<VerbName, 29> kVerbs = {{
    {"build", DockerVerb::build},
    {"buildx build", DockerVerb::build},
    {"builder build", DockerVerb::build},
    {"tag", DockerVerb::tag},
    {"push", DockerVerb::push},
    {"pull", DockerVerb::pull},
    {"login", DockerVerb::login},
    {"logout", DockerVerb::logout},
    {"images", DockerVerb::images},
    {"inspect", DockerVerb::inspect},
    {"rmi", DockerVerb::rmi},
    {"version", DockerVerb::version},
    {"info", DockerVerb::info},
    {"help", DockerVerb::help},
    {"--version", DockerVerb::version},
    {"run", DockerVerb::run},
    {"create", DockerVerb::create},
    {"start", DockerVerb::start},
    {"exec", DockerVerb::exec},
    {"ps", DockerVerb::ps},
    {"logs", DockerVerb::logs},
    {"stop", DockerVerb::stop},
    {"kill", DockerVerb::kill},
    {"rm", DockerVerb::rm},
    {"wait", DockerVerb::wait},
    {"port", DockerVerb::port},
    {"network create", DockerVerb::network_create},
    {"network rm", DockerVerb::network_rm},
    {"network ls", DockerVerb::network_ls},
}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kImageVerbs = {{
    {"build", "build"},
    {"ls", "images"},
    {"list", "images"},
    {"push", "push"},
    {"pull", "pull"},
    {"rm", "rmi"},
    {"remove", "rmi"},
    {"tag", "tag"},
    {"inspect", "inspect"},
}};

/// `docker container VERB` is `docker VERB`, but for two.
std::string container_verb(const std::string& name) {
  if (name == "ls" || name == "list") return "ps";
  return name == "remove" ? "rm" : name;
}

/// The verb and how many arguments name it.
base::Result<std::pair<DockerVerb, std::size_t>> find_verb(const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h")
    return std::pair(DockerVerb::help, std::size_t{0});
  std::string name = arguments[0] == "-v" ? "--version" : arguments[0];
  std::size_t used = 1;
  static constexpr std::string_view kGroups[] = {"buildx", "builder", "image", "container", "network"};
  if (arguments.size() > 1 && std::find(std::begin(kGroups), std::end(kGroups), name) != std::end(kGroups)) {
    used = 2;
    if (name == "image") {
      name = "image " + arguments[1];
      for (const auto& [sub, verb] : kImageVerbs) {
        if (arguments[1] == sub) name = verb;
      }
    } else {
      name = name == "container" ? container_verb(arguments[1]) : name + " " + arguments[1];
    }
  }
  for (const VerbName& known : kVerbs) {
    if (known.name == name) return std::pair(known.verb, used);
  }
  if (name.starts_with('-'))
    return base::invalid_input(fmt::format("docker: the global option '{}' is not supported here", name));
  return base::invalid_input(fmt::format(
      "docker: '{}' is not supported by the built-in docker of this run (`docker help` lists what "
      "is); with a Docker engine on this machine use --docker host",
      name));
}

/// What follows the first operand is the container's command.
bool takes_a_command(DockerVerb verb) {
  return verb == DockerVerb::run || verb == DockerVerb::create || verb == DockerVerb::exec;
}

bool switch_value(std::string_view value) {
  return value.empty() || value == "true" || value == "1";
}

base::Result<void> read_options(std::vector<std::string> arguments, std::size_t at, DockerCommand& command) {
  const std::vector<DockerOption>& options = docker_options_of(command.verb);
  bool only_operands = false;
  for (; at < arguments.size(); ++at) {
    const std::string argument = arguments[at];
    if (only_operands || argument == "-" || !argument.starts_with('-')) {
      command.operands.push_back(argument);
      only_operands = only_operands || takes_a_command(command.verb);
      continue;
    }
    if (argument == "--") {
      only_operands = true;
      continue;
    }
    std::string name = argument;
    std::optional<std::string> value;
    if (const std::size_t equals = argument.find('=');
        argument.starts_with("--") && equals != std::string::npos) {
      name = argument.substr(0, equals);
      value = argument.substr(equals + 1);
    } else if (!argument.starts_with("--") && argument.size() > 2) {
      name = argument.substr(0, 2);  // -tname, -t=name
      value = argument.substr(argument[2] == '=' ? 3 : 2);
    }
    const auto option =
        std::find_if(options.begin(), options.end(), [&](const DockerOption& o) { return o.name == name; });
    if (option == options.end() && takes_a_command(command.verb)) {
      if (auto taken = take_container_option(arguments, at, command.container); !taken)
        return base::invalid_input("docker: " + taken.error().to_string());
      --at;  // the loop goes on behind it
      continue;
    }
    if (option == options.end() || option->take == nullptr) {
      return base::invalid_input(fmt::format("docker: the option '{}' is not supported here", name));
    }
    if (option->has_value && !value) {
      if (at + 1 >= arguments.size())
        return base::invalid_input(fmt::format("docker: the option '{}' needs a value", name));
      value = arguments[++at];
    }
    if (!option->has_value && value && !argument.starts_with("--")) {
      // `-aq` is `-a -q`.
      arguments.insert(arguments.begin() + static_cast<std::ptrdiff_t>(at) + 1, "-" + *value);
      value.reset();
    }
    if (!option->has_value && value && !switch_value(*value)) continue;
    option->take(command, value.value_or(""));
    if (option->ignored) command.ignored.push_back(name);
  }
  return {};
}

base::Result<void> check_operands(const DockerCommand& command) {
  const std::size_t count = command.operands.size();
  const auto expect = [&](bool fits, std::string_view usage) -> base::Result<void> {
    if (fits) return {};
    return base::invalid_input(fmt::format("Usage: docker {}", usage));
  };
  switch (command.verb) {
    case DockerVerb::build:
      if (count == 1 && command.operands[0] == "-") {
        return base::invalid_input(
            "docker build: a build context from stdin is not supported here; name a folder");
      }
      if (count == 1 &&
          (command.operands[0].find("://") != std::string::npos || command.operands[0].starts_with("git@"))) {
        return base::invalid_input(
            "docker build: a build context from a URL is not supported here; check it out and name the "
            "folder");
      }
      return expect(count == 1, "build [OPTIONS] PATH");
    case DockerVerb::tag:
      return expect(count == 2, "tag SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]");
    case DockerVerb::push:
      return expect(count == 1, "push [OPTIONS] NAME[:TAG]");
    case DockerVerb::pull:
      return expect(count == 1, "pull [OPTIONS] NAME[:TAG|@DIGEST]");
    case DockerVerb::login:
      return expect(count <= 1, "login [OPTIONS] [SERVER]");
    case DockerVerb::logout:
      return expect(count <= 1, "logout [SERVER]");
    case DockerVerb::images:
      return expect(count <= 1, "images [OPTIONS] [REPOSITORY[:TAG]]");
    case DockerVerb::inspect:
      return expect(count >= 1, "inspect [OPTIONS] NAME [NAME...]");
    case DockerVerb::rmi:
      return expect(count >= 1, "rmi IMAGE [IMAGE...]");
    case DockerVerb::run:
    case DockerVerb::create:
      return expect(count >= 1, "run [OPTIONS] IMAGE [COMMAND] [ARG...]");
    case DockerVerb::exec:
      return expect(count >= 2, "exec [OPTIONS] CONTAINER COMMAND [ARG...]");
    case DockerVerb::logs:
      return expect(count == 1, "logs [OPTIONS] CONTAINER");
    case DockerVerb::port:
      return expect(count == 1 || count == 2, "port CONTAINER [PORT]");
    case DockerVerb::start:
    case DockerVerb::stop:
    case DockerVerb::kill:
    case DockerVerb::rm:
    case DockerVerb::wait:
      return expect(count >= 1, "start|stop|kill|rm|wait [OPTIONS] CONTAINER [CONTAINER...]");
    case DockerVerb::network_create:
    case DockerVerb::network_rm:
      return expect(count >= 1, "network create|rm NETWORK");
    default:
      return {};
  }
}

}  // namespace

base::Result<DockerCommand> parse_docker_command(const std::vector<std::string>& arguments) {
  TRY(const auto verb, find_verb(arguments));
  DockerCommand command;
  command.verb = verb.first;
  if (command.verb == DockerVerb::help) return command;
  // `rmi -f` and `inspect -f FORMAT` differ in what -f takes.
  std::vector<std::string> rest = arguments;
  if (command.verb == DockerVerb::rmi) {
    for (std::string& argument : rest) {
      if (argument == "-f") argument = "--force";
    }
  }
  TRY(read_options(rest, verb.second, command));
  TRY(check_operands(command));
  if (takes_a_command(command.verb)) {
    command.command.assign(command.operands.begin() + 1, command.operands.end());
    command.operands.resize(1);
  }
  if (command.verb == DockerVerb::login && command.password_stdin && !command.password.empty()) {
    return base::invalid_input("docker login: --password and --password-stdin are mutually exclusive");
  }
  if (command.verb == DockerVerb::login && command.username.empty()) {
    return base::invalid_input(
        "docker login: a user name is needed (-u), and its password by --password-stdin");
  }
  return command;
}

std::string docker_help() {
  return "Usage: docker COMMAND\n\n"
         "The built-in docker of this run. It needs no Docker engine.\n\n"
         "Commands:\n"
         "  build      Build an image from a Dockerfile (also: buildx build)\n"
         "  tag        Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE\n"
         "  push       Upload an image to a registry\n"
         "  pull       Download an image from a registry\n"
         "  login      Log in to a registry\n"
         "  logout     Log out from a registry\n"
         "  images     List images\n"
         "  inspect    Show an image as JSON\n"
         "  rmi        Remove one or more images\n"
         "  run        Run a command in a container of an image (also: create, start)\n"
         "  exec       Run a command in a container that runs\n"
         "  ps         List containers\n"
         "  logs       Show what a container has printed\n"
         "  stop       Stop containers (also: kill, wait)\n"
         "  rm         Remove containers\n"
         "  port       Show where a container's ports are published\n"
         "  network    create, rm, ls: networks in which containers find each other by name\n"
         "  version    Show the version\n"
         "  info       Show what this docker is\n";
}

}  // namespace steps
