#include "tests/unit/ecr/debian_registry.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

#include "base/process.h"

extern char** environ;

namespace ecr {

namespace {

constexpr int kLongestWaitMs = 10'000;

/// Reads its log until it says where it listens.
std::string read_address(int log) {
  std::string text;
  char buffer[4096];
  pollfd watched{.fd = log, .events = POLLIN};
  constexpr std::string_view kMark = "listening on ";
  while (::poll(&watched, 1, kLongestWaitMs) > 0) {
    const ssize_t count = ::read(log, buffer, sizeof buffer);
    if (count <= 0) break;
    text.append(buffer, static_cast<std::size_t>(count));
    const auto at = text.find(kMark);
    if (at == std::string::npos) continue;
    const auto from = at + kMark.size();
    const auto end = text.find_first_of("\" \n", from);
    if (end != std::string::npos) return text.substr(from, end - from);
  }
  throw std::runtime_error("docker-registry did not come up:\n" + text);
}

}  // namespace

std::unique_ptr<DebianRegistry> DebianRegistry::start(const base::Path& folder, const std::string& htpasswd) {
  const auto program = base::find_program("docker-registry");
  if (!program) return nullptr;
  std::string config = fmt::format(
      "version: 0.1\nlog: {{level: info}}\nstorage: {{filesystem: {{rootdirectory: {}}}, delete: {{enabled: "
      "true}}}}\nhttp: {{addr: '127.0.0.1:0'}}\n",
      (folder / "registry").string());
  if (!htpasswd.empty()) config += fmt::format("auth: {{htpasswd: {{realm: test, path: {}}}}}\n", htpasswd);
  const auto file = folder / "registry.yml";
  if (!base::write_file(file, config)) throw std::runtime_error("cannot write " + file.string());
  auto pipe = base::make_pipe();
  if (!pipe) throw std::runtime_error(pipe.error().message);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, pipe->write.get(), 1);
  ::posix_spawn_file_actions_adddup2(&actions, pipe->write.get(), 2);
  std::string arguments[] = {program->string(), "serve", file.string()};
  char* argv[] = {arguments[0].data(), arguments[1].data(), arguments[2].data(), nullptr};
  pid_t pid = 0;
  const int failure = ::posix_spawn(&pid, argv[0], &actions, nullptr, argv, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) throw std::runtime_error("cannot start docker-registry");
  std::unique_ptr<DebianRegistry> registry(new DebianRegistry(pid));
  pipe->write.reset();
  registry->host_ = read_address(pipe->read.get());
  registry->log_reader_ = std::jthread([log = std::move(pipe->read)] {
    char buffer[4096];
    while (::read(log.get(), buffer, sizeof buffer) > 0) continue;
  });
  return registry;
}

DebianRegistry::~DebianRegistry() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

}  // namespace ecr
