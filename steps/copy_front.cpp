#include "steps/copy_front.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <thread>

#include "base/json.h"
#include "ecr/tree_writer.h"
#include "steps/copy_place.h"
#include "steps/docker_client.h"
#include "steps/docker_cp.h"
#include "steps/received_tree.h"

namespace steps {

namespace {

using base::Result;

Result<int> code_of_answer(const Result<base::Json>& answer) {
  if (!answer) return answer.error();
  return static_cast<int>(base::json_integer(*answer, "exit_code", 1));
}

/// As the service is asked: the step's own side is a stream.
std::vector<std::string> with_stream(const std::vector<std::string>& arguments, const DockerCommand& command,
                                     bool into_container) {
  auto asked = arguments;
  const auto& own = command.operands[into_container ? 0 : 1];
  // The last of its kind: options stand before.
  const auto place = std::find(asked.rbegin(), asked.rend(), own);
  if (place != asked.rend()) *place = "-";
  return asked;
}

/// Paths of the step as such below "/".
Result<std::string> whole_path(const std::string& path, bool follow_link) {
  std::error_code error;
  auto whole = std::filesystem::absolute(path, error);
  if (follow_link && !error) whole = std::filesystem::canonical(whole, error);
  if (error) return base::system_error(path, error.value());
  return whole.string() + (path.ends_with("/.") || path == "." ? "/." : "");
}

Result<int> send_copy(const DockerCommand& command, DockerQuestion question) {
  const auto& own = command.operands[0];
  const DockerOutput to_stderr = [](FrameKind, std::string_view bytes) {
    return base::write_all(STDERR_FILENO, bytes);
  };
  if (own == "-") {
    question.files.emplace_back(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
    return code_of_answer(ask_docker(question, to_stderr));
  }
  TRY(const auto root, base::open_directory("/"));
  TRY(const auto path, whole_path(own, command.follow_link));
  TRY(auto source, find_copy_source(root.get(), path));
  question.more["copied"] = {{"name", source.thing.name}, {"is_folder", source.thing.is_folder}};
  TRY(auto pipe, base::make_pipe());
  question.files.push_back(std::move(pipe.read));
  Result<void> packed;
  std::thread packer([&] {
    base::TarWriter tar([&](std::string_view bytes) { return base::write_all(pipe.write.get(), bytes); });
    packed = ecr::write_tree(std::move(source.folder),
                             {.names = ecr::TreeNames::plain, .only = source.thing.name}, tar);
    if (packed) packed = tar.finish();
    pipe.write.reset();
  });
  const auto answer = ask_docker(question, to_stderr);
  question.files.clear();  // a packer that nobody listens to ends by it
  packer.join();
  TRY(const int code, code_of_answer(answer));
  if (code == 0 && !packed) return std::move(packed).error();
  return code;
}

Result<int> unpack_here(const DockerCommand& command, const DockerQuestion& question,
                        const CopiedThing& thing) {
  TRY(const auto root, base::open_directory("/"));
  TRY(const auto path, whole_path(command.operands[1], false));
  TRY(auto target, find_copy_target(root.get(), path, thing));
  return code_of_answer(ask_for_tree(question, std::move(target.folder), [&](base::ArchiveEntry& entry) {
    if (!command.keep_owners) entry.uid = entry.gid = 0;
    rename_entry(entry, thing, target);
  }));
}

Result<int> receive_copy(const DockerCommand& command, const DockerQuestion& question) {
  if (command.operands[1] == "-") {
    return code_of_answer(ask_docker(question, [](FrameKind kind, std::string_view bytes) {
      return base::write_all(kind == FrameKind::error ? STDERR_FILENO : STDOUT_FILENO, bytes);
    }));
  }
  auto asked = DockerQuestion{.arguments = question.arguments};
  asked.more["only_asked"] = true;
  const auto answer = ask_docker(
      asked, [](FrameKind, std::string_view bytes) { return base::write_all(STDERR_FILENO, bytes); });
  TRY(const int code, code_of_answer(answer));
  if (code != 0) return code;
  TRY(const auto described, base::parse_json(base::json_string(*answer, "metadata")));
  const CopiedThing thing{.name = base::json_string(described, "name"),
                          .is_folder = base::json_bool(described, "is_folder", false)};
  return unpack_here(command, question, thing);
}

}  // namespace

Result<int> copy_as_front(const DockerCommand& command, const std::vector<std::string>& arguments) {
  ::signal(SIGPIPE, SIG_IGN);
  const bool into_container = parse_copy_side(command.operands[0]).container.empty();
  DockerQuestion question{.arguments = with_stream(arguments, command, into_container)};
  return into_container ? send_copy(command, std::move(question)) : receive_copy(command, question);
}

}  // namespace steps
