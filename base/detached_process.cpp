#include "base/detached_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <cerrno>

extern char** environ;

namespace base {

namespace {

/// Closes and unwinds what posix_spawn needs.
struct SpawnActions {
  SpawnActions() { ::posix_spawn_file_actions_init(&actions), ::posix_spawnattr_init(&attributes); }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions), ::posix_spawnattr_destroy(&attributes); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

}  // namespace

Result<pid_t> start_detached(const DetachedProcess& process) {
  const Fd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const auto given = [&](int fd) { return fd >= 0 ? fd : nothing.get(); };
  SpawnActions spawn;
  ::posix_spawn_file_actions_adddup2(&spawn.actions, given(process.input), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&spawn.actions, given(process.output), STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&spawn.actions, STDERR_FILENO, process.log.c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0600);
  // A session of its own: Ctrl-C at the terminal is for whoever started it, not for this one.
  sigset_t none;
  sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&spawn.attributes, &none);
  ::posix_spawnattr_setflags(&spawn.attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
  std::vector<char*> arguments;
  for (const auto& argument : process.argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = 0;
  const int error =
      ::posix_spawn(&pid, "/proc/self/exe", &spawn.actions, &spawn.attributes, arguments.data(), environ);
  if (error != 0) return system_error("cannot start " + process.argv.front(), error);
  return pid;
}

}  // namespace base
