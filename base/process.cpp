#include "base/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/clock.h"
#include "base/strings.h"

namespace base {

namespace {

constexpr std::size_t kMaxCollected = 64U << 20;
constexpr int kPollMilliseconds = 50;
constexpr int kMostRestPieces = 64;

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

// Writing to a program that closed its input must not end us: SIGPIPE is held back in this thread meanwhile.
class NoBrokenPipe {
 public:
  NoBrokenPipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoBrokenPipe() {
    const timespec at_once{};
    if (!was_pending_) sigtimedwait(&pipe_, nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoBrokenPipe(const NoBrokenPipe&) = delete;
  NoBrokenPipe& operator=(const NoBrokenPipe&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

/// A started program: its id, what tells that it ended, and our ends of its pipes.
struct Running {
  pid_t pid = -1;
  Fd ended;
  Fd input;
  Fd output;
};

class Piping {
 public:
  Piping(const ProcessOptions& options, Running& running, std::string& collected)
      : options_(options), running_(running), collected_(collected), rest_(options.input) {
    if (rest_.empty()) running_.input.reset();
  }

  // Feeds the input and reads the output until the program ended, the time is over or we are asked to stop.
  // What its children keep open after it does not count.
  Result<void> run() {
    const auto limit = std::min<std::chrono::milliseconds>(options_.timeout, std::chrono::hours(24 * 365));
    const auto deadline = system_clock().steady_now() + limit;
    while (true) {
      if (options_.stop.stop_requested())
        return make_error(ErrorKind::cancelled, options_.argv[0] + " was cancelled");
      const auto left = deadline - system_clock().steady_now();
      if (left <= left.zero()) {
        return make_error(ErrorKind::cancelled, fmt::format("{} took longer than {}", options_.argv[0],
                                                            format_duration_ms(options_.timeout.count())));
      }
      pollfd watched[3] = {{.fd = running_.ended.get(), .events = POLLIN, .revents = 0},
                           {.fd = running_.output.get(), .events = POLLIN, .revents = 0},
                           {.fd = running_.input.get(), .events = POLLOUT, .revents = 0}};
      const auto wait = std::min<std::int64_t>(kPollMilliseconds, left / std::chrono::milliseconds(1) + 1);
      if (::poll(watched, 3, static_cast<int>(wait)) < 0 && errno != EINTR)
        return system_error("poll", errno);
      if (watched[1].revents != 0) drain();
      if (watched[2].revents != 0) feed();
      if (watched[0].revents != 0) return drain_rest();
    }
  }

 private:
  // Reads what is there; false when there is nothing (more).
  bool drain() {
    char buffer[64 * 1024];
    const ssize_t count = ::read(running_.output.get(), buffer, sizeof buffer);
    if (count < 0) return errno == EINTR;
    if (count == 0) {
      running_.output.reset();
      return false;
    }
    const std::string_view piece(buffer, static_cast<std::size_t>(count));
    if (options_.on_output) {
      options_.on_output(piece);
    } else if (collected_.size() < kMaxCollected) {
      collected_.append(piece.substr(0, kMaxCollected - collected_.size()));
    }
    return true;
  }

  // What a child of it still writes could be without end: only what fits into a pipe is its own.
  Result<void> drain_rest() {
    for (int pieces = 0; pieces < kMostRestPieces && running_.output && drain(); ++pieces) {
    }
    return {};
  }

  void feed() {
    const ssize_t written =
        ::write(running_.input.get(), rest_.data(), std::min<std::size_t>(rest_.size(), 64 * 1024));
    if (written > 0) rest_.remove_prefix(static_cast<std::size_t>(written));
    if (rest_.empty() || (written < 0 && errno != EAGAIN && errno != EINTR)) running_.input.reset();
  }

  const ProcessOptions& options_;
  Running& running_;
  std::string& collected_;
  std::string_view rest_;
};

int exit_code_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

Result<Running> start(const ProcessOptions& options, const Path& program) {
  TRY(auto input, make_pipe());
  TRY(auto output, make_pipe());
  ::fcntl(input.write.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(output.read.get(), F_SETFL, O_NONBLOCK);

  SpawnActions spawn;
  posix_spawn_file_actions_adddup2(spawn.actions(), input.read.get(), 0);
  posix_spawn_file_actions_adddup2(spawn.actions(), output.write.get(), 1);
  posix_spawn_file_actions_adddup2(spawn.actions(), output.write.get(), 2);
  posix_spawn_file_actions_addclosefrom_np(spawn.actions(), 3);
  if (!options.directory.empty())
    posix_spawn_file_actions_addchdir_np(spawn.actions(), options.directory.c_str());
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(spawn.attributes(), &signals);
  sigaddset(&signals, SIGPIPE);
  posix_spawnattr_setsigdefault(spawn.attributes(), &signals);
  posix_spawnattr_setpgroup(spawn.attributes(), 0);
  posix_spawnattr_setflags(spawn.attributes(),
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  auto argv = options.argv;
  auto environment = options.environment.value_or(std::vector<std::string>());
  auto argv_pointers = pointers(argv);
  auto environment_pointers = pointers(environment);
  Running running;
  const int error =
      ::posix_spawn(&running.pid, program.c_str(), spawn.actions(), spawn.attributes(), argv_pointers.data(),
                    options.environment ? environment_pointers.data() : environ);
  if (error != 0) return system_error("cannot start " + program.string(), error);
  running.input = std::move(input.write);
  running.output = std::move(output.read);
  running.ended = Fd(static_cast<int>(::syscall(SYS_pidfd_open, running.pid, 0)));
  return running;
}

// The group is ended while its leader is not yet reaped, so that the number cannot be somebody else's by now.
int end_group(pid_t pid, bool leader_ended) {
  if (!leader_ended) ::kill(-pid, SIGKILL);
  siginfo_t ended{};
  while (::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  ::kill(-pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return exit_code_of(status);
}

}  // namespace

Result<ProcessResult> run_process(const ProcessOptions& options) {
  if (options.argv.empty())
    return make_error(ErrorKind::invalid_input, "expected the name of a program to run");
  const auto program = find_program(options.argv[0]);
  if (!program)
    return make_error(ErrorKind::not_found, fmt::format("the program {} is not on PATH", options.argv[0]));
  if (!options.directory.empty() && !base::is_directory(options.directory)) {
    return make_error(ErrorKind::not_found, fmt::format("cannot start {}: there is no folder {}",
                                                        options.argv[0], options.directory.string()));
  }
  TRY(auto running, start(options, *program));
  ProcessResult result;
  Result<void> exchanged = system_error("pidfd_open", running.ended ? 0 : ENOSYS);
  if (running.ended) {
    const NoBrokenPipe guard;
    exchanged = Piping(options, running, result.output).run();
  }
  result.exit_code = end_group(running.pid, exchanged.ok());
  if (!exchanged) return std::move(exchanged).error();
  return result;
}

std::optional<Path> find_program(std::string_view name, std::string_view search_path) {
  if (name.find('/') != std::string_view::npos) {
    return ::access(std::string(name).c_str(), X_OK) == 0 ? std::optional<Path>(name) : std::nullopt;
  }
  const char* own = std::getenv("PATH");
  const std::string path =
      !search_path.empty() ? std::string(search_path) : (own == nullptr ? "/usr/bin:/bin" : own);
  for (const auto& folder : split(path, ':')) {
    const Path candidate = Path(folder.empty() ? "." : folder) / name;
    if (::access(candidate.c_str(), X_OK) == 0 && !base::is_directory(candidate)) return candidate;
  }
  return std::nullopt;
}

}  // namespace base
