#include "sandbox/launch.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace sandbox {

namespace {

// Shared with the parent while the vfork lasts: which call failed, and how.
volatile int failed_errno = 0;
volatile int failed_call = 0;
constexpr const char* kCalls[] = {"", "chdir", "setgid", "setuid", "execve", "setgroups"};

[[noreturn]] void fail_in_child(int call) {
  failed_errno = errno;
  failed_call = call;
  ::_exit(127);
}

[[noreturn]] void run_child(Launch& launch) {
  ::setsid();
  for (int i = 0; i < 3; ++i) ::dup2(launch.fds[i], i);
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  if (::chdir(launch.directory) != 0) fail_in_child(1);
  // A one-id map forbids it, and has no other groups; a short one may lack some of them.
  if (!launch.groups.empty() && ::syscall(SYS_setgroups, launch.groups.size(), launch.groups.data()) != 0 &&
      errno != EPERM && errno != EINVAL)
    fail_in_child(5);
  if (launch.gid != 0 && ::syscall(SYS_setresgid, launch.gid, launch.gid, launch.gid) != 0) fail_in_child(2);
  if (launch.uid != 0 && ::syscall(SYS_setresuid, launch.uid, launch.uid, launch.uid) != 0) fail_in_child(3);
  errno = ENOENT;
  int error = ENOENT;
  for (auto& candidate : launch.candidates) {
    if (launch.named_by_path) launch.argv[0] = candidate.data();
    ::execve(candidate.c_str(), launch.argv.data(), launch.environment.data());
    if (errno != ENOENT && errno != ENOTDIR) error = errno;
    if (errno == ENOEXEC || errno == E2BIG || errno == ENOMEM) break;
  }
  errno = error;
  fail_in_child(4);
}

}  // namespace

Launched start_process(Launch& launch) {
  failed_call = 0;
  const pid_t pid = ::vfork();
  if (pid == 0) run_child(launch);
  if (pid < 0) return {.error = errno, .call = "fork"};
  if (failed_call == 0) return {.pid = pid};
  ::waitpid(pid, nullptr, 0);
  return {.error = failed_errno, .call = kCalls[failed_call]};
}

}  // namespace sandbox
