#include "sandbox/fork_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <map>

#include "base/fd.h"
#include "base/strings.h"
#include "sandbox/launch.h"
#include "sandbox/process_list.h"
#include "sandbox/protocol.h"
#include "sandbox/sandbox.h"

namespace sandbox {

namespace {

using protocol::Kind;
using protocol::Message;

class ForkServer {
 public:
  ForkServer(int control, std::uint32_t uid, std::uint32_t gid) : control_(control), uid_(uid), gid_(gid) {}

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
      case Kind::share:
        share();
        break;
      default:
        reply(-1, EINVAL, "unknown request");
        break;
    }
  }

  // texts: directory, PATH, groups, number of arguments, arguments, environment. fds: status pipe, then those
  // of the mask.
  void start(Message& message) {
    constexpr std::size_t kFirstArgument = 4;
    auto& texts = message.texts;
    const auto arguments = static_cast<std::size_t>(base::parse_integer(texts.at(3)).value_or(0));
    Launch launch{.directory = texts[0].c_str(), .uid = uid_, .gid = gid_};
    for (const auto& group : base::split(texts[2], ' ')) {
      if (const auto id = base::parse_integer(group)) launch.groups.push_back(static_cast<gid_t>(*id));
    }
    for (std::size_t i = kFirstArgument; i < texts.size(); ++i) {
      (i < kFirstArgument + arguments ? launch.argv : launch.environment).push_back(texts[i].data());
    }
    launch.argv.push_back(nullptr);
    launch.environment.push_back(nullptr);
    if (message.other >= 0) {
      launch.uid = static_cast<std::uint32_t>(message.other & 0xffffffff);
      launch.gid = static_cast<std::uint32_t>(message.other >> 32);
    }
    launch.candidates = candidates(texts[kFirstArgument], texts[1]);
    launch.named_by_path = (message.number & protocol::kNamedByPath) != 0;
    std::size_t next = 1;
    for (int i = 0; i < 3; ++i) {
      const bool given = ((message.number >> i) & 1) != 0 && next < message.fds.size();
      launch.fds[i] = given ? message.fds[next++].get() : null_.get();
    }
    const Launched launched = start_process(launch);
    if (launched.pid < 0) {
      reply(-1, launched.error, launched.call);
      return;
    }
    running_[launched.pid] = std::move(message.fds[0]);
    reply(launched.pid);
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

  // fds: the user namespace, the network namespace.
  void share() {
    Message message{.kind = Kind::reply};
    for (const char* name : {"/proc/self/ns/user", "/proc/self/ns/net"}) {
      base::Fd opened(::open(name, O_RDONLY | O_CLOEXEC));
      if (!opened) return reply(-1, errno, name);
      message.fds.push_back(std::move(opened));
    }
    (void)protocol::send(control_, message);
  }

  int control_;
  std::uint32_t uid_;
  std::uint32_t gid_;
  base::Fd null_;
  std::map<pid_t, base::Fd> running_;
};

}  // namespace

int serve_requests(int control, std::uint32_t uid, std::uint32_t gid) {
  return ForkServer(control, uid, gid).serve();
}

}  // namespace sandbox
