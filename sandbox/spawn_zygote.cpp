#include "sandbox/spawn_zygote.h"

#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>

#include "sandbox/inner_program.h"
#include "sandbox/spawn_attributes.h"
#include "sandbox/zygote.h"

namespace sandbox {

namespace {

using base::Result;

// Of a fork server: what it is asked takes it microseconds, an exec on a busy disk perhaps seconds.
constexpr int kPatienceSeconds = 60;

}  // namespace

// A program of its own: never a fork of this large, threaded process.
Result<SpawnedZygote> spawn_zygote() {
  TRY(const auto program, inner_program());
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return base::system_error("socketpair", errno);
  base::Fd ours(ends[0]);
  const timeval patience{kPatienceSeconds, 0};
  ::setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  base::Fd theirs(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  // dup2 onto itself would keep close-on-exec, so it goes over another number.
  posix_spawn_file_actions_adddup2(&actions, theirs.get(), 9);
  posix_spawn_file_actions_adddup2(&actions, 9, kControlFd);
  posix_spawn_file_actions_addclosefrom_np(&actions, kControlFd + 1);
  const SpawnAttributes attributes;
  std::string name = "pipeline-sandbox";
  char* argv[] = {name.data(), nullptr};
  std::string path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  char* environment[] = {path.data(), nullptr};
  SpawnedZygote spawned;
  const int error =
      ::posix_spawn(&spawned.pid, program.c_str(), &actions, attributes.get(), argv, environment);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return base::system_error("starting the sandbox's process", error);
  spawned.control = std::move(ours);
  return spawned;
}

}  // namespace sandbox
