#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/strings.h"

namespace base {

namespace {

constexpr std::size_t kMaxCollected = 64U << 20;
constexpr int kPollMilliseconds = 50;

class SpawnActions {
 public:
  SpawnActions() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~SpawnActions() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  posix_spawn_file_actions_t* actions() { return &actions_; }
  posix_spawnattr_t* attributes() { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// Reads what is there; false at the end of the output.
bool drain(int fd, const ProcessOptions& options, std::string& collected) {
  char buffer[64 * 1024];
  const ssize_t count = ::read(fd, buffer, sizeof buffer);
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  if (count == 0) return false;
  const std::string_view piece(buffer, static_cast<std::size_t>(count));
  if (options.on_output) {
    options.on_output(piece);
  } else if (collected.size() < kMaxCollected) {
    collected.append(piece.substr(0, kMaxCollected - collected.size()));
  }
  return true;
}

int exit_code_of(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

// Feeds the input and reads the output until both ended, the time is over or we are asked to stop.
Result<void> exchange(const ProcessOptions& options, Fd input, const Fd& output, std::string& collected) {
  const auto deadline = system_clock().steady_now() + options.timeout;
  std::string_view rest = options.input;
  if (rest.empty()) input.reset();
  while (true) {
    if (options.stop.stop_requested()) return make_error(ErrorKind::cancelled, options.argv[0] + " was cancelled");
    if (system_clock().steady_now() > deadline) {
      return make_error(ErrorKind::cancelled, fmt::format("{} took longer than {}", options.argv[0],
                                                          format_duration_ms(options.timeout.count())));
    }
    pollfd watched[2] = {{.fd = output.get(), .events = POLLIN, .revents = 0},
                         {.fd = input.get(), .events = POLLOUT, .revents = 0}};
    if (::poll(watched, input ? 2 : 1, kPollMilliseconds) < 0 && errno != EINTR) return system_error("poll", errno);
    if (watched[0].revents != 0 && !drain(output.get(), options, collected)) return {};
    if (!input || watched[1].revents == 0) continue;
    const ssize_t written = ::write(input.get(), rest.data(), std::min<std::size_t>(rest.size(), 64 * 1024));
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
    if (rest.empty() || (written < 0 && errno != EAGAIN && errno != EINTR)) input.reset();
  }
}

}  // namespace

Result<ProcessResult> run_process(const ProcessOptions& options) {
  const auto program = find_program(options.argv.at(0));
  if (!program) return make_error(ErrorKind::not_found, fmt::format("the program {} is not on PATH", options.argv[0]));
  TRY(auto input, make_pipe());
  TRY(auto output, make_pipe());
  ::fcntl(input.write.get(), F_SETFL, O_NONBLOCK);

  SpawnActions spawn;
  posix_spawn_file_actions_adddup2(spawn.actions(), input.read.get(), 0);
  posix_spawn_file_actions_adddup2(spawn.actions(), output.write.get(), 1);
  posix_spawn_file_actions_adddup2(spawn.actions(), output.write.get(), 2);
  posix_spawn_file_actions_addclosefrom_np(spawn.actions(), 3);
  if (!options.directory.empty()) posix_spawn_file_actions_addchdir_np(spawn.actions(), options.directory.c_str());
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(spawn.attributes(), &signals);
  sigaddset(&signals, SIGPIPE);
  posix_spawnattr_setsigdefault(spawn.attributes(), &signals);
  posix_spawnattr_setpgroup(spawn.attributes(), 0);
  posix_spawnattr_setflags(spawn.attributes(), POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  auto argv = options.argv;
  auto environment = options.environment.value_or(std::vector<std::string>());
  auto argv_pointers = pointers(argv);
  auto environment_pointers = pointers(environment);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, program->c_str(), spawn.actions(), spawn.attributes(), argv_pointers.data(),
                                  options.environment ? environment_pointers.data() : environ);
  if (error != 0) return system_error("cannot start " + program->string(), error);
  input.read.reset();
  output.write.reset();

  ProcessResult result;
  const auto exchanged = exchange(options, std::move(input.write), output.read, result.output);
  if (!exchanged) ::kill(-pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!exchanged) return exchanged.error();
  result.exit_code = exit_code_of(status);
  return result;
}

std::optional<Path> find_program(std::string_view name, std::string_view search_path) {
  if (name.find('/') != std::string_view::npos) {
    return ::access(std::string(name).c_str(), X_OK) == 0 ? std::optional<Path>(name) : std::nullopt;
  }
  const char* own = std::getenv("PATH");
  const std::string path = !search_path.empty() ? std::string(search_path) : (own == nullptr ? "/usr/bin:/bin" : own);
  for (const auto& folder : split(path, ':')) {
    const Path candidate = Path(folder.empty() ? "." : folder) / name;
    if (::access(candidate.c_str(), X_OK) == 0 && !base::is_directory(candidate)) return candidate;
  }
  return std::nullopt;
}

}  // namespace base
