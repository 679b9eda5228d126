#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

#include "base/files.h"
#include "base/strings.h"
#include "sandbox/cgroup.h"
#include "sandbox/egress.h"
#include "sandbox/machine.h"
#include "sandbox/marked_processes.h"
#include "sandbox/neighbour.h"
#include "sandbox/own_cgroup.h"
#include "sandbox/process_usage.h"
#include "sandbox/protocol.h"
#include "sandbox/sandbox.h"
#include "sandbox/setting_text.h"
#include "sandbox/spawn_zygote.h"
#include "sandbox/subordinate_ids.h"

namespace sandbox {

namespace {

using base::Result;
using protocol::Kind;
using protocol::Message;

std::string advice() {
  return "the sandbox could not be set up: " + advice_for_namespaces();
}

constexpr std::uint32_t kLargestId = INT32_MAX;

constexpr int kPatienceAtTheEndMilliseconds = 10'000;

Setting setting_of(const Plan& plan) {
  Setting setting{.plan = plan, .privileged = ::geteuid() == 0};
  if (!setting.privileged && !plan.one_id) setting.subordinate_ids = find_subordinate_ids();
  setting.resolv_conf = plan.egress ? fmt::format("nameserver {}\n", kNameServerInside)
                                    : base::read_file("/etc/resolv.conf").value_or("");
  setting.hosts = plan.network == NetworkMode::host ? base::read_file("/etc/hosts").value_or("") : "";
  if (setting.hosts.find("localhost") == std::string::npos)
    setting.hosts += "127.0.0.1 localhost\n::1 localhost\n";
  for (const auto& line : plan.hosts) setting.hosts += line + "\n";
  return setting;
}

// A process may open its own output again, as `tee /dev/stderr` does: the pipe has to be its user's.
void give_pipe(int fd, std::optional<std::uint32_t> owner) {
  struct stat status {};
  if (owner && ::fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode))
    (void)::fchown(fd, *owner, static_cast<gid_t>(-1));
}

bool ends_by_itself(pid_t pid) {
  const base::Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  pollfd watched{process.get(), POLLIN, 0};
  int ready = 1;
  while (process && (ready = ::poll(&watched, 1, kPatienceAtTheEndMilliseconds)) < 0 && errno == EINTR) {
  }
  return ready != 0;
}

// "2 GiB", as it was asked for.
std::string size_text(std::uint64_t bytes) {
  return base::replace_all(base::format_bytes(bytes), ".0 ", " ");
}

/// What neighbours share: their control groups, and how often those have hit a limit as far as somebody was
/// told of it.
struct SharedLimits {
  std::shared_ptr<SharedLimits> whole;  ///< of which these are a part; outlives the part's group
  Cgroup cgroup;
  Limits limits;
  std::mutex mutex;  ///< of what follows
  std::int64_t seen_kills = 0;
  std::int64_t seen_refused = 0;
};

Result<std::shared_ptr<SharedLimits>> part_of(const std::shared_ptr<SharedLimits>& whole,
                                              const std::string& label, const MemoryShare& share) {
  auto part = std::make_shared<SharedLimits>();
  part->whole = whole;
  part->limits = whole->limits;
  if (share.limit_bytes > 0) part->limits.memory_bytes = share.limit_bytes;
  const std::lock_guard lock(whole->mutex);
  TRY(part->cgroup, whole->cgroup.make_part(label, share));
  return part;
}

/// Of whom a new sandbox becomes a neighbour; empty: of nobody.
struct Neighbour {
  std::shared_ptr<SharedLimits> limits;
  std::vector<base::Fd> namespaces;
};

using Advice = std::string (*)();
Result<std::unique_ptr<Sandbox>> make_served_sandbox(const Plan& plan, Advice advice, Neighbour neighbour);

class NamespaceSandbox : public Sandbox {
 public:
  NamespaceSandbox(const Plan& plan, pid_t pid, base::Fd control, std::shared_ptr<SharedLimits> limits)
      : plan_(plan),
        mark_(plan.walls == Walls::landlock ? make_process_mark() : ""),
        pid_(pid),
        control_(std::move(control)),
        limits_(std::move(limits)) {}
  ~NamespaceSandbox() override { (void)destroy(); }

  Result<StartedProcess> start(const Command& command) override {
    if (command.argv.empty()) return base::make_error(base::ErrorKind::invalid_input, "no program to start");
    TRY(auto ended, base::make_pipe());
    Message message{.kind = Kind::start};
    const auto path = command.environment.find("PATH");
    const auto& groups = command.uid ? command.groups : plan_.groups;
    message.texts = {command.directory, path == command.environment.end() ? "/usr/bin:/bin" : path->second,
                     fmt::format("{}", fmt::join(groups, " ")), std::to_string(command.argv.size())};
    message.texts.insert(message.texts.end(), command.argv.begin(), command.argv.end());
    for (const auto& [key, value] : command.environment) message.texts.push_back(key + "=" + value);
    if (!mark_.empty()) message.texts.push_back(mark_);
    const std::uint32_t uid = command.uid.value_or(plan_.uid);
    const std::uint32_t gid = command.gid.value_or(plan_.gid);
    // The kernel takes the largest id for "leave it as it is", which is root.
    if (uid > kLargestId || gid > kLargestId) {
      return base::make_error(base::ErrorKind::invalid_input,
                              fmt::format("cannot start {} as user {}, group {}: ids end at {}",
                                          command.argv[0], uid, gid, kLargestId));
    }
    message.other = static_cast<std::int64_t>(uid) | (static_cast<std::int64_t>(gid) << 32);
    message.fds.push_back(std::move(ended.write));
    if (command.named_by_path) message.number |= protocol::kNamedByPath;
    const int given[] = {command.input, command.output, command.error};
    for (int i = 0; i < 3; ++i) {
      if (given[i] < 0) continue;
      message.number |= 1 << i;
      message.fds.emplace_back(::fcntl(given[i], F_DUPFD_CLOEXEC, 0));
      give_pipe(given[i], host_uid(plan_, uid));
    }
    TRY(auto answer, ask(message));
    if (answer.number < 0) {
      const auto what = answer.texts.empty() ? "starting" : answer.texts[0];
      return base::system_error(fmt::format("cannot start {} ({})", command.argv[0], what),
                                static_cast<int>(answer.other));
    }
    return StartedProcess{static_cast<int>(answer.number), std::move(ended.read)};
  }

  Result<ExitStatus> wait(StartedProcess& process) override {
    protocol::Ended ended;
    ssize_t count = -1;
    while ((count = ::read(process.ended.get(), &ended, sizeof ended)) < 0 && errno == EINTR) {
    }
    process.ended.reset();
    if (count != sizeof ended)
      return ExitStatus{.signal = SIGKILL, .failure = "the sandbox ended before it did"};
    ExitStatus status{.code = ended.code, .signal = ended.signal};
    if (ended.signal != 0 || ended.code != 0) say_limit(status);
    return status;
  }

  Result<void> signal(int id, int signal_number, SignalTarget target) override {
    Message message{
        .kind = Kind::signal, .number = id, .other = signal_number | (static_cast<int>(target) << 8)};
    TRY(const auto answer, ask(message));
    if (answer.number < 0 && answer.other != ESRCH)
      return base::system_error("signalling a step", static_cast<int>(answer.other));
    return {};
  }

  // texts: id, name, id, name …
  Result<std::vector<ProcessInside>> processes() override {
    TRY(auto answer, ask({.kind = Kind::list}));
    std::vector<ProcessInside> list;
    for (std::size_t i = 0; i + 1 < answer.texts.size(); i += 2) {
      list.push_back({static_cast<int>(base::parse_integer(answer.texts[i]).value_or(-1)),
                      std::move(answer.texts[i + 1])});
    }
    return list;
  }

  Result<Usage> usage() {
    const std::lock_guard lock(mutex_);
    if (pid_ < 0) return base::make_error(base::ErrorKind::cancelled, "the sandbox is gone");
    return usage_below(pid_);
  }

  Result<std::unique_ptr<Sandbox>> make_neighbour(const Plan& plan, const MemoryShare& share) {
    if (plan_.network != NetworkMode::isolated)
      return base::make_error(base::ErrorKind::denied, "this sandbox has no network to share");
    TRY(auto answer, ask({.kind = Kind::share}));
    if (answer.number < 0 || answer.fds.size() != 2)
      return base::system_error("sharing the sandbox's network", static_cast<int>(answer.other));
    auto limits = shared_limits();
    if (!limits) return base::make_error(base::ErrorKind::cancelled, "the sandbox is gone");
    if (share != MemoryShare()) {
      TRY(limits, part_of(limits, plan.label, share));
    }
    return make_served_sandbox(plan, advice, {std::move(limits), std::move(answer.fds)});
  }

  Result<base::Fd> connect(std::uint16_t port) override {
    TRY(auto answer, ask({.kind = Kind::connect, .number = port}));
    if (answer.number < 0 || answer.fds.empty()) {
      return base::system_error(fmt::format("connecting to port {} in the sandbox", port),
                                static_cast<int>(answer.other));
    }
    return std::move(answer.fds[0]);
  }

  Result<base::Fd> listen(const std::string& address, std::uint16_t port) override {
    Message message{.kind = Kind::listen, .number = port};
    message.texts.push_back(address);
    TRY(auto answer, ask(message));
    if (answer.number < 0 || answer.fds.empty()) {
      return base::system_error(fmt::format("listening on {}:{} in the sandbox", address, port),
                                static_cast<int>(answer.other));
    }
    return std::move(answer.fds[0]);
  }

  Result<base::Fd> root() override {
    if (plan_.walls == Walls::landlock) return Sandbox::root();
    TRY(auto answer, ask({.kind = Kind::root}));
    if (answer.number < 0 || answer.fds.empty())
      return base::system_error("opening the sandbox's root", static_cast<int>(answer.other));
    return std::move(answer.fds[0]);
  }

  Result<Egress> take_egress() override {
    if (!egress_) return base::make_error(base::ErrorKind::denied, "nothing leaves this sandbox");
    return *std::exchange(egress_, std::nullopt);
  }
  void keep_egress(std::vector<base::Fd> sockets) {
    if (sockets.size() < 3) return;
    egress_ = Egress{std::move(sockets[0]), {}, std::move(sockets[1]), std::move(sockets[2])};
    if (sockets.size() > 3) egress_->tcp_over_ipv6 = std::move(sockets[3]);
  }

  Result<void> destroy() override {
    const std::lock_guard lock(mutex_);
    if (pid_ < 0) return {};
    // PID 1 ends at the end of this socket, and the kernel kills all that is left in its namespace.
    control_.reset();
    if (!ends_by_itself(pid_)) ::kill(pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    limits_.reset();
    // Only where somebody killed the warden there is something left.
    return mark_.empty() ? Result<void>() : kill_processes_with(mark_);
  }

 private:
  // Which limit was run into since the last process that failed.
  void say_limit(ExitStatus& status) {
    const auto shared = shared_limits();
    if (!shared) return;
    const std::lock_guard lock(shared->mutex);
    const auto kills = shared->cgroup.out_of_memory_kills();
    const auto refused = shared->cgroup.refused_processes();
    if (kills > shared->seen_kills) {
      status.out_of_memory = true;
      status.limit = fmt::format("killed: out of memory, limit {}", size_text(shared->limits.memory_bytes));
    } else if (refused > shared->seen_refused) {
      status.limit = fmt::format("no more processes: limit {}", shared->limits.processes);
    } else if (status.signal == SIGXFSZ || status.code == 128 + SIGXFSZ) {
      status.limit =
          fmt::format("killed: a file grew over the disk limit of {}", size_text(plan_.limits.disk_bytes));
    }
    shared->seen_kills = kills;
    shared->seen_refused = refused;
  }

  std::shared_ptr<SharedLimits> shared_limits() {
    const std::lock_guard lock(mutex_);
    return limits_;
  }

  Result<Message> ask(const Message& message) {
    const std::lock_guard lock(mutex_);
    if (!control_) return base::make_error(base::ErrorKind::cancelled, "the sandbox is gone");
    TRY(protocol::send(control_.get(), message));
    auto answer = protocol::receive(control_.get());
    // A late answer would be taken for that to the next question.
    if (!answer) control_.reset();
    return answer;
  }

  std::mutex mutex_;
  const Plan plan_;
  const std::string mark_;  // empty where a PID namespace holds them all
  pid_t pid_;
  base::Fd control_;
  std::shared_ptr<SharedLimits> limits_;
  std::optional<Egress> egress_;
};

Result<std::unique_ptr<Sandbox>> make_served_sandbox(const Plan& plan, Advice advice, Neighbour neighbour) {
  auto limits = std::move(neighbour.limits);
  if (!limits) {
    limits = std::make_shared<SharedLimits>();
    limits->limits = plan.limits;
    TRY(limits->cgroup, Cgroup::create(plan.label, plan.limits));
  }
  TRY(auto spawned, spawn_zygote());
  if (auto joined = limits->cgroup.join(spawned.pid); !joined) {
    spawned.control.reset();
    ::waitpid(spawned.pid, nullptr, 0);
    return std::move(joined).error();
  }
  // Where memory runs out, it is a job that goes, not who watches over it.
  (void)raise_oom_score(spawned.pid, kOomScoreOfJobs);
  auto sandbox = std::make_unique<NamespaceSandbox>(
      plan, spawned.pid, base::Fd(::fcntl(spawned.control.get(), F_DUPFD_CLOEXEC, 0)), std::move(limits));
  Message setup{.kind = Kind::setup};
  setup.texts.push_back(to_text(setting_of(plan)));
  setup.fds = std::move(neighbour.namespaces);
  TRY(protocol::send(spawned.control.get(), setup));
  auto answer = protocol::receive(spawned.control.get());
  if (!answer) return std::move(answer).error().while_doing(advice());
  if (answer->number < 0) {
    const auto why = answer->texts.empty() ? "unknown reason" : answer->texts[0];
    return base::make_error(base::ErrorKind::denied, why).while_doing(advice());
  }
  sandbox->keep_egress(std::move(answer->fds));
  return std::unique_ptr<Sandbox>(std::move(sandbox));
}

std::string advice_for_landlock() {
  return "the sandbox of landlock could not be set up; `pipeline doctor` shows what this machine has";
}

}  // namespace

Result<std::unique_ptr<Sandbox>> make_namespace_sandbox(const Plan& plan) {
  return make_served_sandbox(plan, advice, {});
}

Result<std::unique_ptr<Sandbox>> make_landlock_sandbox(Plan plan) {
  plan.walls = Walls::landlock;
  return make_served_sandbox(plan, advice_for_landlock, {});
}

Result<Usage> usage_of(Sandbox& sandbox) {
  if (auto* ours = dynamic_cast<NamespaceSandbox*>(&sandbox)) return ours->usage();
  return base::make_error(base::ErrorKind::denied, "nobody measures this sandbox");
}

Result<std::unique_ptr<Sandbox>> make_neighbour(Sandbox& first, const Plan& plan, const MemoryShare& share) {
  if (auto* ours = dynamic_cast<NamespaceSandbox*>(&first)) return ours->make_neighbour(plan, share);
  return base::make_error(base::ErrorKind::denied, "this sandbox has no network to share");
}

int ExitStatus::shell_code() const {
  if (!failure.empty() && signal == 0 && code == 0) return 127;
  return signal != 0 ? 128 + signal : code;
}

}  // namespace sandbox
