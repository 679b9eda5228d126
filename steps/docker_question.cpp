#include "steps/docker_question.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/crypto.h"
#include "base/files.h"
#include "base/strings.h"
#include "ecr/build.h"
#include "ecr/build_ignore.h"

namespace steps {
namespace {

constexpr std::size_t kMaximumDockerfile = 1U << 20;
constexpr std::size_t kMaximumPassword = 64U << 10;

base::Result<std::string> read_dockerfile(const DockerCommand& command) {
  const bool stands_alone = command.operands[0] == "-";
  if (command.dockerfile == "-" || stands_alone) {
    TRY(auto text, base::read_all(STDIN_FILENO, kMaximumDockerfile));
    if (text.find('\0') == std::string::npos) return text;
    return base::invalid_input(
        "docker build: expected a Dockerfile on stdin, found an archive, which is not supported here; unpack "
        "it and name the folder");
  }
  const std::string path =
      command.dockerfile.empty() ? ecr::dockerfile_in(command.operands[0]).string() : command.dockerfile;
  base::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    return base::make_error(
        base::ErrorKind::not_found,
        fmt::format("ERROR: failed to read dockerfile: open {}: {}", path, std::strerror(errno)));
  }
  return base::read_all(file.get(), kMaximumDockerfile);
}

/// Of `--env-file` and `-e NAME`: what only the front can read.
base::Result<base::Json> environment_for(const DockerCommand& command) {
  base::Json environment = base::Json::object();
  for (const auto& file : command.environment_files) {
    TRY(const auto text, base::read_file(file, kMaximumDockerfile).while_doing("docker: --env-file"));
    for (const auto line : base::lines_of(text)) {
      const auto entry = base::trim(line);
      if (entry.empty() || entry.front() == '#') continue;
      const auto equals = entry.find('=');
      const std::string name(entry.substr(0, equals));
      const char* own = std::getenv(name.c_str());
      if (equals != std::string_view::npos) {
        environment[name] = std::string(entry.substr(equals + 1));
      } else if (own != nullptr) {
        environment[name] = own;
      }
    }
  }
  for (const auto& name : command.environment_of_caller) {
    if (const char* value = std::getenv(name.c_str()); value != nullptr) environment[name] = value;
  }
  return environment;
}

std::string working_folder() {
  std::error_code ignored;
  return std::filesystem::current_path(ignored).string();
}

base::Result<void> open_context(const std::string& path, std::vector<base::Fd>& files) {
  base::Fd context(open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!context) {
    return base::make_error(
        base::ErrorKind::not_found,
        fmt::format("ERROR: unable to prepare context: path \"{}\": {}", path, std::strerror(errno)));
  }
  files.push_back(std::move(context));
  return {};
}

/// Behind the contexts, in the order of their names.
base::Result<void> offer_agents(const DockerCommand& command, base::Json& request, DockerQuestion& question) {
  TRY(const auto sockets, ecr::read_build_agents(command.agents));
  for (const auto& [id, socket] : sockets) {
    TRY(auto offer, AgentOffer::start(socket).while_doing("--ssh " + id));
    request["agents"].push_back(id);
    question.files.push_back(offer->take_other_end());
    question.agents.push_back(std::move(offer));
  }
  return {};
}

base::Result<void> describe_build(const DockerCommand& command, base::Json& request,
                                  DockerQuestion& question) {
  auto& files = question.files;
  if (command.operands[0] == "-") {
    TRY(question.empty_context, base::TempDir::create("docker-context"));
    TRY(open_context(question.empty_context->path().string(), files));
  } else {
    TRY(open_context(command.operands[0], files));
  }
  for (const auto& [name, value] : command.contexts) {
    if (ecr::is_image_context(value)) continue;
    TRY(open_context(value, files));
    request["contexts"].push_back(name);
  }
  TRY(request["dockerfile"], read_dockerfile(command));
  base::Json build_args = base::Json::object();
  for (const std::string& name : command.build_args_from_environment) {
    const char* value = std::getenv(name.c_str());
    if (value != nullptr) build_args[name] = value;
  }
  request["build_args"] = std::move(build_args);
  TRY(const auto secrets, ecr::read_build_secrets(command.secrets));
  for (const auto& [id, content] : secrets) request["secrets"][id] = base::base64_encode(content);
  request["directory"] = working_folder();
  return offer_agents(command, request, question);
}

base::Fd own_stdin() {
  return base::Fd(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
}

/// What the service needs to know of the command beyond its arguments; opens what it has to read.
base::Result<base::Json> describe(const DockerCommand& command, DockerQuestion& question) {
  base::Json request = base::Json::object();
  auto& files = question.files;
  if (command.verb == DockerVerb::build) TRY(describe_build(command, request, question));
  if (command.verb == DockerVerb::run || command.verb == DockerVerb::create ||
      command.verb == DockerVerb::exec) {
    TRY(request["environment"], environment_for(command));
    request["directory"] = working_folder();
    // A closed one is an empty one.
    if (base::Fd input = own_stdin(); command.interactive && input) files.push_back(std::move(input));
  }
  if (command.verb == DockerVerb::load) {
    base::Fd archive =
        command.file.empty() ? own_stdin() : base::Fd(open(command.file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!archive) return base::system_error("open " + command.file, errno);
    files.push_back(std::move(archive));
  }
  if (command.verb == DockerVerb::login && command.password_stdin) {
    TRY(const std::string password, base::read_all(STDIN_FILENO, kMaximumPassword));
    request["password"] = std::string(base::trim(password));
  }
  return request;
}

}  // namespace

base::Result<DockerQuestion> prepare_question(const DockerCommand& command,
                                              std::vector<std::string> arguments) {
  DockerQuestion question{.arguments = std::move(arguments)};
  TRY(question.more, describe(command, question));
  return question;
}

}  // namespace steps
