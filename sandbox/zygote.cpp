#include "sandbox/zygote.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>

#include "base/json.h"
#include "base/strings.h"
#include "sandbox/enter.h"
#include "sandbox/id_maps.h"
#include "sandbox/overlay_mount.h"
#include "sandbox/process_list.h"
#include "sandbox/protocol.h"
#include "sandbox/sandbox.h"
#include "sandbox/setting_text.h"
#include "sandbox/warden.h"

namespace sandbox {

namespace {

using protocol::Kind;
using protocol::Message;

/// A request to start a process, unpacked before the vfork: the child may only make system calls.
struct Launch {
  std::vector<std::string> candidates;  ///< paths to try
  bool named_by_path = false;           ///< the one that is there becomes argv[0]
  std::vector<char*> argv;
  std::vector<char*> environment;
  const char* directory = "/";
  int fds[3] = {-1, -1, -1};
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

// Shared with the parent while the vfork lasts: which call failed, and how.
volatile int failed_errno = 0;
volatile int failed_call = 0;
constexpr const char* kCalls[] = {"", "chdir", "setgid", "setuid", "execve"};

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

class Zygote {
 public:
  Zygote(int control, std::uint32_t uid, std::uint32_t gid) : control_(control), uid_(uid), gid_(gid) {}

  int serve() {
    // A step can send PID 1 only what it handles; a sanitizer would handle these.
    for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP}) ::signal(fault, SIG_DFL);
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &children, nullptr);
    const base::Fd signals(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
    null_.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
    while (true) {
      pollfd watched[2] = {{control_, POLLIN, 0}, {signals.get(), POLLIN, 0}};
      if (::poll(watched, 2, -1) < 0) {
        if (errno == EINTR) continue;
        return 1;  // better gone, with all that runs here, than deaf
      }
      if (watched[1].revents != 0) reap(signals.get());
      if (watched[0].revents == 0) continue;
      auto message = protocol::receive(control_);
      // The supervisor is gone or wants us gone; as PID 1 we take everything with us.
      if (!message) return 0;
      answer(*message);
    }
  }

 private:
  void reap(int signals) {
    signalfd_siginfo info[16];
    while (::read(signals, info, sizeof info) == sizeof info) {
    }
    int status = 0;
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) {
      const auto found = running_.find(pid);
      if (found == running_.end()) continue;  // an orphan
      const protocol::Ended ended{WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                                  WIFSIGNALED(status) ? WTERMSIG(status) : 0};
      (void)::write(found->second.get(), &ended, sizeof ended);
      running_.erase(found);
    }
  }

  void reply(std::int64_t number, std::int64_t other = 0, std::string text = "", base::Fd fd = {}) {
    Message message{.kind = Kind::reply, .number = number, .other = other};
    if (!text.empty()) message.texts.push_back(std::move(text));
    if (fd) message.fds.push_back(std::move(fd));
    (void)protocol::send(control_, message);
  }

  void answer(Message& message) {
    switch (message.kind) {
      case Kind::start:
        start(message);
        break;
      case Kind::signal:
        signal(message);
        break;
      case Kind::list:
        list();
        break;
      case Kind::connect:
        connect(message);
        break;
      case Kind::listen:
        listen(message);
        break;
      case Kind::root:
        give_root();
        break;
      default:
        reply(-1, EINVAL, "unknown request");
        break;
    }
  }

  // texts: directory, PATH, number of arguments, arguments, environment. fds: status pipe, then those of the
  // mask.
  void start(Message& message) {
    auto& texts = message.texts;
    const auto arguments = static_cast<std::size_t>(base::parse_integer(texts.at(2)).value_or(0));
    Launch launch{.directory = texts[0].c_str(), .uid = uid_, .gid = gid_};
    for (std::size_t i = 3; i < texts.size(); ++i) {
      (i < 3 + arguments ? launch.argv : launch.environment).push_back(texts[i].data());
    }
    launch.argv.push_back(nullptr);
    launch.environment.push_back(nullptr);
    if (message.other >= 0) {
      launch.uid = static_cast<std::uint32_t>(message.other & 0xffffffff);
      launch.gid = static_cast<std::uint32_t>(message.other >> 32);
    }
    launch.candidates = candidates(texts[3], texts[1]);
    launch.named_by_path = (message.number & protocol::kNamedByPath) != 0;
    std::size_t next = 1;
    for (int i = 0; i < 3; ++i) {
      const bool given = ((message.number >> i) & 1) != 0 && next < message.fds.size();
      launch.fds[i] = given ? message.fds[next++].get() : null_.get();
    }
    failed_call = 0;
    const pid_t pid = ::vfork();
    if (pid == 0) run_child(launch);
    if (pid < 0) {
      reply(-1, errno, "fork");
      return;
    }
    if (failed_call != 0) {
      ::waitpid(pid, nullptr, 0);
      reply(-1, failed_errno, kCalls[failed_call]);
      return;
    }
    running_[pid] = std::move(message.fds[0]);
    reply(pid);
  }

  static std::vector<std::string> candidates(const std::string& program, const std::string& path) {
    if (program.find('/') != std::string::npos) return {program};
    std::vector<std::string> result;
    for (const auto& folder : base::split(path, ':'))
      result.push_back((folder.empty() ? "." : folder) + "/" + program);
    return result;
  }

  void signal(const Message& message) {
    const auto pid = static_cast<pid_t>(message.number);
    const auto number = static_cast<int>(message.other & 0xff);
    const auto target = message.other >> 8;
    int result = 0;
    if (target == 2) {
      result = ::kill(-1, number);
    } else if (running_.contains(pid)) {
      result = ::kill(target == 1 ? -pid : pid, number);
    } else {
      errno = ESRCH;
      result = target == 1 ? ::kill(-pid, number) : -1;
    }
    reply(result == 0 ? 0 : -1, result == 0 ? 0 : errno, result == 0 ? "" : "kill");
  }

  void list() {
    Message message{.kind = Kind::reply};
    // Nearly always there is nobody but us.
    if (::kill(-1, 0) == 0) {
      for (auto& process : processes_here(Sandbox::kMostListed)) {
        message.texts.push_back(std::to_string(process.id));
        message.texts.push_back(std::move(process.name));
      }
    }
    (void)protocol::send(control_, message);
  }

  void connect(const Message& message) {
    base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(message.number));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{1, 0};  // on loopback only a full backlog can make it wait
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (!socket || ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      reply(-1, errno, "connect");
      return;
    }
    const timeval none{0, 0};
    const int yes = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none);
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    reply(0, 0, "", std::move(socket));
  }

  void listen(const Message& message) {
    base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(message.number));
    const int yes = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (!socket || message.texts.empty() ||
        ::inet_pton(AF_INET, message.texts[0].c_str(), &address.sin_addr) != 1 ||
        ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(socket.get(), SOMAXCONN) != 0) {
      reply(-1, errno, "listen");
      return;
    }
    reply(0, 0, "", std::move(socket));
  }

  void give_root() {
    base::Fd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    root ? reply(0, 0, "", std::move(root)) : reply(-1, errno, "open");
  }

  int control_;
  std::uint32_t uid_;
  std::uint32_t gid_;
  base::Fd null_;
  std::map<pid_t, base::Fd> running_;
};

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
  return Zygote(kControlFd, setting.plan.uid, setting.plan.gid).serve();
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
  ::close(kControlFd);  // or PID 1 would never see the supervisor's end
  return wait_for(pid, supervisor);
}

// Without root: the user namespace first, everything else inside it.
int run_rootless(const Setting& setting, MapPipes& pipes) {
  const base::Fd supervisor = open_supervisor();
  const pid_t pid = ::fork();
  if (pid < 0) return report_failure(base::system_error("fork", errno));
  if (pid == 0) {
    if (::unshare(CLONE_NEWUSER) != 0) ::_exit(report_failure(base::system_error("unshare(user)", errno)));
    (void)base::write_all(pipes.ready.write.get(), "r");
    pipes.ready = {};
    pipes.mapped.write.reset();
    if (auto mapped =
            await_byte(pipes.mapped.read.get(), "the ids of the user namespace could not be mapped");
        !mapped) {
      ::_exit(report_failure(mapped.error()));
    }
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
  if (setting->plan.walls == Walls::landlock)
    return run_warden(*setting, [] { return Zygote(kControlFd, 0, 0).serve(); });
  auto ready = base::make_pipe();
  auto mapped = base::make_pipe();
  if (!ready || !mapped) return report_failure(ready ? mapped.error() : ready.error());
  MapPipes pipes{std::move(*ready), std::move(*mapped)};
  return setting->privileged ? run_privileged(*setting, pipes) : run_rootless(*setting, pipes);
}

}  // namespace sandbox
