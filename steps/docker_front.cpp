#include "steps/docker_front.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/json.h"
#include "base/strings.h"
#include "steps/docker_command.h"
#include "steps/docker_protocol.h"
#include "steps/docker_service.h"

namespace steps {
namespace {

constexpr int kWrongCall = 125;  // as docker itself ends then
constexpr std::size_t kMaximumDockerfile = 1U << 20;
constexpr std::size_t kMaximumPassword = 64U << 10;

void say(int fd, std::string_view text) {
  (void)base::write_all(fd, text).ok();
}

base::Result<base::Fd> connect_to_service() {
  const char* named = std::getenv(std::string(kDockerSocketVariable).c_str());
  const std::string path = named != nullptr && *named != '\0'
                               ? std::string(named)
                               : fmt::format("{}/{}", kDockerFolderInside, kDockerSocketName);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("the socket's path is too long: {}", path));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  base::Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return base::system_error("socket", errno);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return base::system_error(
        fmt::format("docker: no runner answers at {}; this docker works within steps of a run", path), errno);
  }
  return fd;
}

base::Result<std::string> read_dockerfile(const DockerCommand& command) {
  if (command.dockerfile == "-") return base::read_all(STDIN_FILENO, kMaximumDockerfile);
  const std::string path =
      command.dockerfile.empty() ? command.operands[0] + "/Dockerfile" : command.dockerfile;
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

/// What the service needs to know of the command beyond its arguments; opens the build context.
base::Result<base::Json> describe(const DockerCommand& command, base::Fd& context) {
  base::Json request = base::Json::object();
  if (command.verb == DockerVerb::build) {
    context.reset(open(command.operands[0].c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!context) {
      return base::make_error(base::ErrorKind::not_found,
                              fmt::format("ERROR: unable to prepare context: path \"{}\": {}",
                                          command.operands[0], std::strerror(errno)));
    }
    TRY(request["dockerfile"], read_dockerfile(command));
    base::Json build_args = base::Json::object();
    for (const std::string& name : command.build_args_from_environment) {
      const char* value = std::getenv(name.c_str());
      if (value != nullptr) build_args[name] = value;
    }
    request["build_args"] = std::move(build_args);
  }
  if (command.verb == DockerVerb::run || command.verb == DockerVerb::create ||
      command.verb == DockerVerb::exec) {
    TRY(request["environment"], environment_for(command));
    std::error_code ignored;
    request["directory"] = std::filesystem::current_path(ignored).string();
    if (command.interactive) context.reset(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  }
  if (command.verb == DockerVerb::login && command.password_stdin) {
    TRY(const std::string password, base::read_all(STDIN_FILENO, kMaximumPassword));
    request["password"] = std::string(base::trim(password));
  }
  return request;
}

base::Result<int> finish(const DockerCommand& command, const std::string& payload) {
  TRY(const auto result, base::parse_json(payload));
  if (const std::string id = base::json_string(result, "image_id"); !command.iidfile.empty() && !id.empty()) {
    TRY(base::write_file(command.iidfile, id));
  }
  if (const std::string id = base::json_string(result, "container_id");
      !command.cidfile.empty() && !id.empty()) {
    TRY(base::write_file(command.cidfile, id));
  }
  return static_cast<int>(base::json_integer(result, "exit_code", 1));
}

base::Result<int> ask_service(const DockerCommand& command, const std::vector<std::string>& arguments) {
  base::Fd context;
  TRY(auto request, describe(command, context));
  request["arguments"] = arguments;
  TRY(auto connection, connect_to_service());
  TRY(send_request(connection.get(), base::to_text(request), context.get()));
  for (;;) {
    auto frame = receive_frame(connection.get());
    if (!frame) return std::move(frame).error().while_doing("waiting for the runner's answer");
    if (frame->kind == FrameKind::result) return finish(command, frame->payload);
    say(frame->kind == FrameKind::error ? STDERR_FILENO : STDOUT_FILENO, frame->payload);
  }
}

}  // namespace

bool called_as_docker(const char* argv0) {
  if (argv0 == nullptr) return false;
  const std::string_view name = argv0;
  return name == "docker" || name.ends_with("/docker");
}

int docker_front_main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  auto command = parse_docker_command(arguments);
  if (!command) {
    say(STDERR_FILENO, command.error().message + "\n");
    return kWrongCall;
  }
  if (command->verb == DockerVerb::help) {
    say(STDOUT_FILENO, docker_help());
    return 0;
  }
  if (!command->password.empty()) {
    say(STDERR_FILENO, "WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n");
  }
  auto code = ask_service(*command, arguments);
  if (code) return *code;
  say(STDERR_FILENO, code.error().to_string() + "\n");
  return 1;
}

}  // namespace steps
