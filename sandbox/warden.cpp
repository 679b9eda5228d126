#include "sandbox/warden.h"

#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "sandbox/landlock.h"
#include "sandbox/protocol.h"
#include "sandbox/seccomp.h"
#include "sandbox/zygote.h"

namespace sandbox {

namespace {

using base::Result;

/// Passes through the folders of root that the job's own folders lie in; what may be opened landlock says.
Result<unsigned> capability_of_steps() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct held[2] = {};
  if (::syscall(SYS_capget, &header, held) != 0) return base::system_error("capget", errno);
  // Root of an outer container often has the second one alone.
  for (const unsigned wanted : {CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE}) {
    if ((held[0].permitted & (1U << wanted)) != 0) return wanted;
  }
  return base::make_error(base::ErrorKind::denied,
                          "root has neither CAP_DAC_READ_SEARCH nor CAP_DAC_OVERRIDE here");
}

// As root: an id of the range that no other job has, and of its powers one.
Result<void> become_user_of_steps(std::uint32_t id) {
  TRY(const unsigned kept, capability_of_steps());
  // With it ids change without capabilities, and access(2) asks with them, as open(2) does.
  if (::prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED, 0, 0, 0) != 0)
    return base::system_error("PR_SET_SECUREBITS", errno);
  for (unsigned capability = 0; capability <= CAP_LAST_CAP; ++capability) {
    if (capability != kept) ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  if (::setgroups(0, nullptr) != 0) return base::system_error("setgroups", errno);
  if (::setresgid(id, id, id) != 0) return base::system_error("setresgid", errno);
  if (::setresuid(id, id, id) != 0) return base::system_error("setresuid", errno);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  data[0].effective = data[0].permitted = data[0].inheritable = 1U << kept;
  if (::syscall(SYS_capset, &header, data) != 0) return base::system_error("capset", errno);
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, kept, 0, 0) != 0)
    return base::system_error("PR_CAP_AMBIENT_RAISE", errno);
  return {};
}

Result<void> give_up_privileges() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return base::system_error("no_new_privs", errno);
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return base::system_error("PR_SET_DUMPABLE", errno);
  return {};
}

// kill(-1) is the warden's means: before it is ever used, it has to be certain that it stays inside.
Result<void> check_that_signals_stay_inside() {
  if (::kill(::getppid(), 0) != 0 && errno == EPERM) return {};
  return base::make_error(base::ErrorKind::denied,
                          "landlock does not keep signals inside, though its version says so");
}

Result<void> enter_landlock(const Setting& setting, pid_t warden) {
  const Plan& plan = setting.plan;
  TRY(set_process_limits(plan));
  if (setting.privileged) TRY(become_user_of_steps(first_host_id(plan.id_slot)));
  // After the ids have changed, which clears it.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != warden) return base::make_error(base::ErrorKind::cancelled, "the warden has ended");
  TRY(give_up_privileges());
  ::umask(0022);
  if (::chdir("/") != 0) return base::system_error("chdir", errno);
  TRY(install_landlock_alone(readable_places(plan), writable_places(plan)));
  return install_seccomp_filter(SeccompProfile::shared_host);
}

int tell_failure(const base::Error& error) {
  protocol::Message message{.kind = protocol::Kind::reply, .number = -1};
  message.texts.push_back(error.to_string());
  (void)protocol::send(kControlFd, message);
  return 1;
}

int run_fork_server(const Setting& setting, pid_t warden, const std::function<int()>& serve) {
  if (auto entered = enter_landlock(setting, warden); !entered) return tell_failure(entered.error());
  if (!protocol::send(kControlFd, {.kind = protocol::Kind::reply})) return 1;
  return serve();
}

/// Takes in all that have ended; whether `awaited` was among them.
bool reap_all(pid_t awaited) {
  bool seen = false;
  pid_t pid = 0;
  while ((pid = ::waitpid(-1, nullptr, WNOHANG)) > 0) seen = seen || pid == awaited;
  return seen;
}

void await_end(pid_t fork_server, const base::Fd& supervisor, const base::Fd& children) {
  while (true) {
    pollfd watched[2] = {{children.get(), POLLIN, 0}, {supervisor.get(), POLLIN, 0}};
    if (::poll(watched, 2, -1) < 0 && errno != EINTR) return;
    signalfd_siginfo told[16];
    while (::read(children.get(), told, sizeof told) > 0) {
    }
    if (reap_all(fork_server) || watched[1].revents != 0) return;
  }
}

// One call reaches all of the domain at once, also what is just being forked; what was on its way out of a
// fork is met by the next.
void kill_all_inside() {
  while (true) {
    ::kill(-1, SIGKILL);
    if (::waitpid(-1, nullptr, 0) < 0 && errno == ECHILD) return;
  }
}

Result<pid_t> start_fork_server(const Setting& setting, const std::function<int()>& serve) {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
    return base::system_error("PR_SET_CHILD_SUBREAPER", errno);
  TRY(give_up_privileges());
  TRY(install_landlock_scopes());
  TRY(check_that_signals_stay_inside());
  const pid_t warden = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return base::system_error("fork", errno);
  if (pid == 0) ::_exit(run_fork_server(setting, warden, serve));
  return pid;
}

}  // namespace

int run_warden(const Setting& setting, const std::function<int()>& serve) {
  const base::Fd supervisor(static_cast<int>(::syscall(SYS_pidfd_open, ::getppid(), 0)));
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  const base::Fd children(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!supervisor || !children) return tell_failure(base::system_error("pidfd_open, signalfd", errno));
  const auto fork_server = start_fork_server(setting, serve);
  if (!fork_server) return tell_failure(fork_server.error());
  ::close(kControlFd);  // or the fork server would never see the supervisor's end
  await_end(*fork_server, supervisor, children);
  kill_all_inside();
  return 0;
}

}  // namespace sandbox
