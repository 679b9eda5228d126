#include "steps/docker_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/strings.h"
#include "steps/docker_cp.h"
#include "steps/docker_options.h"

namespace steps {
namespace {

struct VerbName {
  std::string_view name;
  DockerVerb verb;
};
constexpr std::array<VerbName, 54> kVerbs = {{
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
    {"history", DockerVerb::history},
    {"manifest inspect", DockerVerb::manifest_inspect},
    {"buildx imagetools inspect", DockerVerb::imagetools_inspect},
    {"buildx imagetools create", DockerVerb::imagetools_create},
    {"save", DockerVerb::save},
    {"load", DockerVerb::load},
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
    {"cp", DockerVerb::cp},
    {"network create", DockerVerb::network_create},
    {"network rm", DockerVerb::network_rm},
    {"network ls", DockerVerb::network_ls},
    {"network list", DockerVerb::network_ls},
    {"network inspect", DockerVerb::network_inspect},
    {"network prune", DockerVerb::network_prune},
    {"volume create", DockerVerb::volume_create},
    {"volume rm", DockerVerb::volume_rm},
    {"volume remove", DockerVerb::volume_rm},
    {"volume ls", DockerVerb::volume_ls},
    {"volume list", DockerVerb::volume_ls},
    {"volume inspect", DockerVerb::volume_inspect},
    {"volume prune", DockerVerb::volume_prune},
    {"container prune", DockerVerb::container_prune},
    {"image prune", DockerVerb::image_prune},
    {"builder prune", DockerVerb::image_prune},
    {"buildx prune", DockerVerb::image_prune},
    {"system prune", DockerVerb::system_prune},
    {"system info", DockerVerb::info},
    {"restart", DockerVerb::restart},
    {"network remove", DockerVerb::network_rm},
}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kImageVerbs = {{
    {"history", "history"},
    {"save", "save"},
    {"load", "load"},
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

std::string_view first_name_of(DockerVerb verb) {
  const auto* found =
      std::find_if(kVerbs.begin(), kVerbs.end(), [&](const auto& known) { return known.verb == verb; });
  return found->name;
}

/// `docker container VERB` is `docker VERB`, but for two.
std::string container_verb(const std::string& name) {
  if (name == "ls" || name == "list") return "ps";
  if (name == "prune") return "container prune";
  return name == "remove" ? "rm" : name;
}

/// The verb and how many arguments name it.
base::Result<std::pair<DockerVerb, std::size_t>> find_verb(const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h")
    return std::pair(DockerVerb::help, std::size_t{0});
  std::string name = arguments[0] == "-v" ? "--version" : arguments[0];
  std::size_t used = 1;
  static constexpr std::string_view kGroups[] = {"buildx",  "builder", "image",  "container",
                                                 "network", "volume",  "system", "manifest"};
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
    if (name == "buildx imagetools" && arguments.size() > 2) name += " " + arguments[used++];
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

base::Result<void> read_options_of(std::vector<std::string> arguments, std::size_t at,
                                   DockerCommand& command) {
  OptionWords line{.command = "docker", .words = std::move(arguments), .at = at};
  if (takes_a_command(command.verb)) {
    line.operands = Operands::end_the_options;
    line.other = [&command](const std::vector<std::string>& words, std::size_t& place) {
      return take_container_option(words, place, command.container);
    };
  }
  TRY(auto read, read_options(docker_options_of(command.verb), std::move(line), command));
  command.operands = std::move(read.operands);
  command.ignored = std::move(read.ignored);
  return {};
}

bool is_in_container(const std::string& side) {
  return !parse_copy_side(side).container.empty();
}

base::Result<void> check_operands(const DockerCommand& command) {
  const std::size_t count = command.operands.size();
  const auto expect = [&](bool fits, std::string_view usage) -> base::Result<void> {
    if (fits) return {};
    return base::invalid_input(fmt::format("Usage: docker {}", usage));
  };
  switch (command.verb) {
    case DockerVerb::build:
      if (count == 1 && command.operands[0] == "-" && !command.dockerfile.empty()) {
        return base::invalid_input(
            "docker build: an archive from stdin is not supported here; name a folder, or leave -f away and "
            "give the Dockerfile on stdin");
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
    case DockerVerb::history:
      return expect(count == 1, "history [OPTIONS] IMAGE");
    case DockerVerb::manifest_inspect:
      return expect(count == 1, "manifest inspect IMAGE");
    case DockerVerb::imagetools_inspect:
      return expect(count == 1, "buildx imagetools inspect [OPTIONS] NAME");
    case DockerVerb::imagetools_create:
      return expect(count >= 1 && (!command.tags.empty() || command.only_shown),
                    "buildx imagetools create -t NAME [-t NAME...] [--dry-run] SOURCE [SOURCE...]");
    case DockerVerb::save:
      return expect(count >= 1, "save [OPTIONS] IMAGE [IMAGE...]");
    case DockerVerb::load:
      return expect(count == 0, "load [OPTIONS]");
    case DockerVerb::run:
    case DockerVerb::create:
      return expect(count >= 1, "run [OPTIONS] IMAGE [COMMAND] [ARG...]");
    case DockerVerb::exec:
      return expect(count >= 2, "exec [OPTIONS] CONTAINER COMMAND [ARG...]");
    case DockerVerb::cp: {
      const auto sides = count == 2 ? (is_in_container(command.operands[0]) ? 1 : 0) +
                                          (is_in_container(command.operands[1]) ? 1 : 0)
                                    : 0;
      return expect(sides == 1,
                    "cp [OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-, or SRC_PATH|- CONTAINER:DEST_PATH");
    }
    case DockerVerb::logs:
      return expect(count == 1, "logs [OPTIONS] CONTAINER");
    case DockerVerb::port:
      return expect(count == 1 || count == 2, "port CONTAINER [PORT]");
    case DockerVerb::start:
    case DockerVerb::stop:
    case DockerVerb::restart:
    case DockerVerb::kill:
    case DockerVerb::rm:
    case DockerVerb::wait:
      return expect(count >= 1, "start|stop|restart|kill|rm|wait [OPTIONS] CONTAINER [CONTAINER...]");
    case DockerVerb::network_create:
    case DockerVerb::network_rm:
    case DockerVerb::network_inspect:
      return expect(count >= 1, "network create|rm|inspect NETWORK");
    case DockerVerb::volume_create:
      return expect(count <= 1, "volume create [OPTIONS] [VOLUME]");
    case DockerVerb::volume_rm:
    case DockerVerb::volume_inspect:
      return expect(count >= 1, "volume rm|inspect VOLUME [VOLUME...]");
    default:
      return {};
  }
}

}  // namespace

base::Result<DockerCommand> parse_docker_command(const std::vector<std::string>& arguments) {
  TRY(const auto verb, find_verb(arguments));
  DockerCommand command;
  command.verb = verb.first;
  if (verb.second < arguments.size() && arguments[verb.second] == "--help") command.asks_for_help = true;
  if (command.verb == DockerVerb::help || command.asks_for_help) return command;
  // `rmi -f` and `inspect -f FORMAT` differ in what -f takes.
  std::vector<std::string> rest = arguments;
  const bool formats =
      command.verb == DockerVerb::volume_inspect || command.verb == DockerVerb::network_inspect;
  const bool filters = command.verb == DockerVerb::volume_ls || command.verb == DockerVerb::network_ls;
  for (std::string& argument : rest) {
    if (argument != "-f") continue;
    if (command.verb == DockerVerb::rmi) argument = "--force";
    if (command.verb == DockerVerb::images) argument = "--filter";
    if (formats) argument = "--format";
    if (filters) argument = "--filter";
  }
  TRY(read_options_of(std::move(rest), verb.second, command));
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

std::string docker_help(DockerVerb verb) {
  std::string text = fmt::format("Usage: docker {} [OPTIONS] ...\n\nOptions:\n", first_name_of(verb));
  for (const auto& option : docker_options_of(verb))
    text += fmt::format("  {}{}\n", option.name, option.has_value ? " VALUE" : "");
  return text;
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
         "  save       Write an image to an archive (also: load)\n"
         "  history    Show how an image came to be\n"
         "  run        Run a command in a container of an image (also: create, start)\n"
         "  exec       Run a command in a container that runs\n"
         "  cp         Copy files between a container and the step\n"
         "  ps         List containers\n"
         "  logs       Show what a container has printed\n"
         "  stop       Stop containers (also: restart, kill, wait)\n"
         "  rm         Remove containers\n"
         "  port       Show where a container's ports are published\n"
         "  network    create, rm, ls, inspect, prune: networks in which containers find each other by name\n"
         "  volume     create, rm, ls, inspect, prune: folders that containers share, until the job ends\n"
         "  system     prune, info: what the job's containers, networks and volumes have left\n"
         "  manifest   inspect: the manifest of an image in its registry\n"
         "  compose    Run what a Compose file describes: up, down, ps, logs, exec, run and others\n"
         "  buildx     build, create, inspect, ls, rm, stop, use: builders, which are all this program;\n"
         "             imagetools inspect, create: images in their registry, and indexes of them\n"
         "  context    show, ls, inspect, use: there is one, default\n"
         "  version    Show the version\n"
         "  info       Show what this docker is\n";
}

}  // namespace steps
