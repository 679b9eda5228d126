#include "sandbox/zygote.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "sandbox/enter.h"
#include "sandbox/fork_server.h"
#include "sandbox/id_maps.h"
#include "sandbox/overlay_mount.h"
#include "sandbox/protocol.h"
#include "sandbox/setting_text.h"
#include "sandbox/warden.h"

namespace sandbox {

namespace {

using protocol::Kind;
using protocol::Message;

/// The two halves of setting up ask each other for the id map over this pair of pipes.
struct MapPipes {
  base::Pipe ready;
  base::Pipe mapped;
};

base::Result<void> await_byte(int fd, const char* what) {
  char byte = 0;
  ssize_t count = -1;
  while ((count = ::read(fd, &byte, 1)) < 0 && errno == EINTR) {
  }
  if (count == 1) return {};
  return base::make_error(base::ErrorKind::denied, what);
}

int report_failure(const base::Error& error) {
  Message message{.kind = Kind::reply, .number = -1};
  message.texts.push_back(error.to_string());
  (void)protocol::send(kControlFd, message);
  return 1;
}

// PID 1 of the sandbox.
int inner(const Setting& setting, MapPipes& pipes) {
  auto entered = enter(setting, [&]() -> base::Result<void> {
    TRY(base::write_all(pipes.ready.write.get(), "r"));
    return await_byte(pipes.mapped.read.get(), "the ids of the user namespace could not be mapped");
  });
  if (!entered) return report_failure(entered.error());
  // Changing ids has cleared it; whoever has to give this sandbox up kills our parent.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  pipes = {};
  Message ready{.kind = Kind::reply};
  for (auto* socket : {&entered->tcp, &entered->names, &entered->datagrams, &entered->tcp_over_ipv6}) {
    if (*socket) ready.fds.push_back(std::move(*socket));
  }
  if (!protocol::send(kControlFd, ready)) return 1;
  ready.fds.clear();  // nobody in here reads them
  return serve_requests(kControlFd, setting.plan.uid, setting.plan.gid);
}

// Until PID 1 of the sandbox has ended, or the supervisor has: then PID 1 is killed, should it not see by
// itself that nobody is there any more.
int wait_for(pid_t pid, const base::Fd& supervisor) {
  const base::Fd child(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  pollfd watched[2] = {{child.get(), POLLIN, 0}, {supervisor.get(), POLLIN, 0}};
  while (child && supervisor && ::poll(watched, 2, -1) < 0 && errno == EINTR) {
  }
  if (watched[1].revents != 0) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

// For the process that waits for it in its new user namespace, or reports why not.
void map_ids_of(pid_t pid, const Setting& setting, MapPipes& pipes) {
  pipes.ready.write.reset();
  pipes.mapped.read.reset();
  if (await_byte(pipes.ready.read.get(), "")) {
    if (auto mapped = write_id_maps(pid, setting); mapped) {
      (void)base::write_all(pipes.mapped.write.get(), "m");
    } else {
      report_failure(mapped.error());
    }
  }
  pipes = {};
}

base::Fd open_supervisor() {
  return base::Fd(static_cast<int>(::syscall(SYS_pidfd_open, ::getppid(), 0)));
}

// As root: the PID namespace first; PID 1 mounts as root of the host and enters its user namespace last.
int run_privileged(const Setting& setting, MapPipes& pipes) {
  const base::Fd supervisor = open_supervisor();
  if (::unshare(CLONE_NEWPID) != 0) return report_failure(base::system_error("unshare(PID)", errno));
  const pid_t pid = ::fork();
  if (pid < 0) return report_failure(base::system_error("fork", errno));
  if (pid == 0) {
    pipes.ready.read.reset();
    pipes.mapped.write.reset();
    ::_exit(inner(setting, pipes));
  }
  map_ids_of(pid, setting, pipes);
  ::close(kControlFd);  // or PID 1 would never see the supervisor's end
  return wait_for(pid, supervisor);
}

// A network namespace can only be joined with rights in the user namespace that it belongs to: without root
// that is the neighbour's, whose ids are mapped already.
base::Result<void> enter_user_namespace(const Setting& setting, MapPipes& pipes) {
  if (setting.user_namespace) {
    if (::setns(setting.user_namespace.get(), CLONE_NEWUSER) != 0)
      return base::system_error("setns(user)", errno);
    pipes = {};
    return {};
  }
  if (::unshare(CLONE_NEWUSER) != 0) return base::system_error("unshare(user)", errno);
  TRY(base::write_all(pipes.ready.write.get(), "r"));
  pipes.ready = {};
  pipes.mapped.write.reset();
  return await_byte(pipes.mapped.read.get(), "the ids of the user namespace could not be mapped");
}

// Without root: the user namespace first, everything else inside it.
int run_rootless(const Setting& setting, MapPipes& pipes) {
  const base::Fd supervisor = open_supervisor();
  const pid_t pid = ::fork();
  if (pid < 0) return report_failure(base::system_error("fork", errno));
  if (pid == 0) {
    if (auto entered = enter_user_namespace(setting, pipes); !entered)
      ::_exit(report_failure(entered.error()));
    if (::setresgid(0, 0, 0) != 0 || ::setresuid(0, 0, 0) != 0) {
      ::_exit(report_failure(base::system_error("becoming root of the user namespace", errno)));
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::unshare(CLONE_NEWPID) != 0) ::_exit(report_failure(base::system_error("unshare(PID)", errno)));
    const pid_t first = ::fork();
    if (first < 0) ::_exit(report_failure(base::system_error("fork", errno)));
    if (first == 0) ::_exit(inner(setting, pipes));
    ::close(kControlFd);
    ::_exit(wait_for(first, supervisor));
  }
  map_ids_of(pid, setting, pipes);
  ::close(kControlFd);
  return wait_for(pid, supervisor);
}

}  // namespace

int zygote_main() {
  ::fcntl(kControlFd, F_SETFD, FD_CLOEXEC);
  ::prctl(PR_SET_NAME, "pipeline-zygote");
  ::signal(SIGPIPE, SIG_IGN);
  auto message = protocol::receive(kControlFd);
  if (!message || message->texts.empty()) return 1;
  if (message->kind == Kind::overlay) return answer_overlay_request(*message);
  auto setting = parse_setting(message->texts[0]);
  if (!setting) return report_failure(setting.error());
  if (message->fds.size() == 2) {
    setting->user_namespace = std::move(message->fds[0]);
    setting->network_namespace = std::move(message->fds[1]);
  }
  if (setting->plan.walls == Walls::landlock)
    return run_warden(*setting, [] { return serve_requests(kControlFd, 0, 0); });
  auto ready = base::make_pipe();
  auto mapped = base::make_pipe();
  if (!ready || !mapped) return report_failure(ready ? mapped.error() : ready.error());
  MapPipes pipes{std::move(*ready), std::move(*mapped)};
  return setting->privileged ? run_privileged(*setting, pipes) : run_rootless(*setting, pipes);
}

}  // namespace sandbox
