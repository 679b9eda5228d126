#include "sandbox/spawn_zygote.h"

#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstdlib>

#include "sandbox/sealed_program.h"
#include "sandbox/spawn_attributes.h"
#include "sandbox/zygote.h"

namespace sandbox {

namespace {

using base::Result;

// Stands in the environment of a zygote: a program that does not act as one would start itself for ever.
constexpr const char* kZygoteMark = "PIPELINE_ZYGOTE";

// Of a fork server: what it is asked takes it microseconds, an exec on a busy disk perhaps seconds.
constexpr int kPatienceSeconds = 60;

}  // namespace

// This binary again, as the zygote: never a fork of this large, threaded process.
Result<SpawnedZygote> spawn_zygote() {
  if (std::getenv(kZygoteMark) != nullptr) {
    return base::make_error(base::ErrorKind::internal,
                            "this program was started as a sandbox's fork server and did not become one: "
                            "its main() has to call sandbox::zygote_main()");
  }
  TRY(const auto program, program_for_sandboxes());
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
  std::string argument = kZygoteArgument;
  char* argv[] = {name.data(), argument.data(), nullptr};
  std::string path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  std::string mark = fmt::format("{}=1", kZygoteMark);
  char* environment[] = {path.data(), mark.data(), nullptr};
  SpawnedZygote spawned;
  const int error =
      ::posix_spawn(&spawned.pid, program.c_str(), &actions, attributes.get(), argv, environment);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return base::system_error("starting the sandbox's process", error);
  spawned.control = std::move(ours);
  return spawned;
}

}  // namespace sandbox
