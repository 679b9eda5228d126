#include "steps/docker_front.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/json.h"
#include "base/strings.h"
#include "steps/build_front.h"
#include "steps/compose/compose.h"
#include "steps/copy_front.h"
#include "steps/docker_buildx.h"
#include "steps/docker_client.h"
#include "steps/docker_command.h"
#include "steps/docker_context.h"
#include "steps/docker_question.h"

namespace steps {
namespace {

constexpr std::string_view kComposeName = "docker-compose";
constexpr int kWrongCall = 125;  // as docker itself ends then

void say(int fd, std::string_view text) {
  (void)base::write_all(fd, text).ok();
}

base::Result<int> finish(const DockerCommand& command, const base::Json& result) {
  if (const std::string id = base::json_string(result, "image_id"); !command.iidfile.empty() && !id.empty()) {
    TRY(base::write_file(command.iidfile, id));
  }
  if (const std::string id = base::json_string(result, "container_id");
      !command.cidfile.empty() && !id.empty()) {
    TRY(base::write_file(command.cidfile, id));
  }
  if (const std::string metadata = base::json_string(result, "metadata");
      !command.metadata_file.empty() && !metadata.empty()) {
    TRY(base::write_file(command.metadata_file, metadata));
  }
  return static_cast<int>(base::json_integer(result, "exit_code", 1));
}

base::Result<int> ask_for_build(const DockerCommand& command, const std::vector<std::string>& arguments) {
  TRY(const auto outputs, build_outputs_of(command));
  TRY(const auto question, prepare_question(command, arguments));
  TRY(const auto result, ask_for_outputs(question, outputs));
  return finish(command, result);
}

base::Result<int> ask_service(const DockerCommand& command, const std::vector<std::string>& arguments) {
  if (command.verb == DockerVerb::build) return ask_for_build(command, arguments);
  TRY(const auto question, prepare_question(command, arguments));
  base::Fd file;
  if (command.verb == DockerVerb::save && !command.file.empty()) {
    file.reset(open(command.file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file) return base::system_error("open " + command.file, errno);
  }
  const int output = file ? file.get() : STDOUT_FILENO;
  TRY(const auto result,
      ask_docker(question, [output](FrameKind kind, std::string_view bytes) -> base::Result<void> {
        return base::write_all(kind == FrameKind::error ? STDERR_FILENO : output, bytes);
      }));
  return finish(command, result);
}

}  // namespace

bool called_as_docker(const char* argv0) {
  if (argv0 == nullptr) return false;
  std::string_view name = argv0;
  name.remove_prefix(name.rfind('/') + 1);
  return name == "docker" || name == kComposeName;
}

int docker_front_main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (argc > 0 && std::string_view(argv[0]).ends_with(kComposeName))
    arguments.insert(arguments.begin(), "compose");
  if (!arguments.empty() && arguments[0] == "compose") {
    arguments.erase(arguments.begin());
    return compose::compose_main(arguments);
  }
  if (const auto code = run_buildx(arguments)) return *code;
  if (const auto code = run_docker_context(arguments)) return *code;
  auto command = parse_docker_command(arguments);
  if (!command) {
    say(STDERR_FILENO, command.error().message + "\n");
    return kWrongCall;
  }
  if (command->verb == DockerVerb::help || command->asks_for_help) {
    say(STDOUT_FILENO, command->asks_for_help ? docker_help(command->verb) : docker_help());
    return 0;
  }
  if (!command->password.empty()) {
    say(STDERR_FILENO, "WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n");
  }
  auto code =
      command->verb == DockerVerb::cp ? copy_as_front(*command, arguments) : ask_service(*command, arguments);
  if (code) return *code;
  say(STDERR_FILENO, code.error().to_string() + "\n");
  return 1;
}

}  // namespace steps
