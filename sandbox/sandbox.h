#pragma once
// Processes in isolation, one of the six interfaces: a Sandbox holds the namespaces of one job (or one task,
// or one Dockerfile stage) and starts processes in them. NamespaceSandbox is the real one, HostSandbox runs
// without any isolation (only for `--sandbox none`), tests/fakes/fake_sandbox.h records.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "sandbox/plan.h"

namespace sandbox {

using EnvVars = std::map<std::string, std::string>;

/// A process to start. Paths are as the sandbox sees them. The fds are borrowed: the child gets duplicates.
struct Command {
  std::vector<std::string> argv;  ///< argv[0] is looked up on env's PATH inside the sandbox
  EnvVars environment;            ///< all of it; nothing is inherited
  std::string directory = "/";
  int input = -1;                    ///< -1 is /dev/null
  int output = -1;                   ///< -1 is /dev/null
  int error = -1;                    ///< -1 is /dev/null
  std::optional<std::uint32_t> uid;  ///< inside ids; absent is the plan's user
  std::optional<std::uint32_t> gid;
  std::vector<std::uint32_t> groups;  ///< more groups of this user, as in a Plan
  bool named_by_path = false;         ///< the process gets the path that was found as its argv[0]
};

struct ExitStatus {
  int code = 0;    ///< exit code, when signal is 0
  int signal = 0;  ///< the signal that ended it
  bool out_of_memory = false;
  std::string limit;  ///< which limit it ran into, as people read it: "out of memory, limit 2 GiB"
  std::string
      failure;  ///< set when it could not be started: the call and its errno, e.g. "execve bash: ENOENT"
  /// As a shell tells it: 128 + signal when killed, 126/127 when it could not start.
  [[nodiscard]] int shell_code() const;
};

/// One started process. `id` is only for signal(); `ended` becomes readable when it has ended.
struct StartedProcess {
  int id = -1;
  base::Fd ended;
};

/// Where a sandbox whose plan has `egress` comes out: whatever its processes connect to arrives at these
/// listening sockets, DNS questions at `names`, all other datagrams at `datagrams`.
struct Egress {
  base::Fd tcp;
  base::Fd tcp_over_ipv6;
  base::Fd names;
  base::Fd datagrams;
};
/// Where the process meant to connect to, of a connection accepted from one of them.
struct Destination {
  std::string address;
  std::uint16_t port = 0;
};
base::Result<Destination> original_destination(int connection);

enum class SignalTarget { process, process_group, all };

/// A process of the sandbox, by the id that it has in there.
struct ProcessInside {
  int id = -1;
  std::string name;  ///< as the process calls itself, at most 15 bytes of any kind
};

class Sandbox {
 public:
  virtual ~Sandbox() = default;
  virtual base::Result<StartedProcess> start(const Command& command) = 0;
  /// How it ended; call when `process.ended` is readable, or it waits. Once per process.
  virtual base::Result<ExitStatus> wait(StartedProcess& process) = 0;
  /// `all` signals every process in the sandbox.
  virtual base::Result<void> signal(int id, int signal_number, SignalTarget target) = 0;
  /// What runs in it by now, in no order, at most kMostListed of them; of one without a pid namespace nothing
  /// is known.
  virtual base::Result<std::vector<ProcessInside>> processes() { return std::vector<ProcessInside>(); }
  static constexpr std::size_t kMostListed = 64;
  /// A TCP connection to 127.0.0.1:port made inside the sandbox's network namespace.
  virtual base::Result<base::Fd> connect(std::uint16_t port) = 0;
  /// A listening TCP socket on `address`:port made inside the sandbox's network namespace.
  virtual base::Result<base::Fd> listen(const std::string& address, std::uint16_t port) = 0;
  /// Its root folder as its processes see it, for openat2(): all below it is theirs to change meanwhile. Some
  /// of it is the kernel's (/proc): who opens files there looks at what they are.
  virtual base::Result<base::Fd> root() {
    return base::make_error(base::ErrorKind::denied, "this sandbox has no root of its own");
  }
  /// Once, of a sandbox whose plan has egress.
  virtual base::Result<Egress> take_egress() {
    return base::make_error(base::ErrorKind::denied, "nothing leaves this sandbox");
  }
  /// Kills everything in it and takes it down: no process, mount or group is left. The destructor does the
  /// same.
  virtual base::Result<void> destroy() = 0;
};

/// Sets up the namespaces and the root as the plan says, ready to start processes. An error names what the
/// machine forbids and what to change (sysctl, package); it never falls back to less isolation.
base::Result<std::unique_ptr<Sandbox>> make_namespace_sandbox(const Plan& plan);
/// Without namespaces: no_new_privs, seccomp and landlock alone (plan.walls). The network is the host's, and
/// there are no images. An error says what the kernel lacks. Only when asked for.
base::Result<std::unique_ptr<Sandbox>> make_landlock_sandbox(Plan plan);
/// No isolation at all: plain child processes in their own session, killed on destroy(). Only when asked for.
std::unique_ptr<Sandbox> make_host_sandbox();

/// Starts, waits, returns: for short commands whose output nobody streams.
struct Finished {
  ExitStatus status;
  std::string output;  ///< stdout and stderr merged, cut at 1 MiB
};
base::Result<Finished> run_to_end(Sandbox& sandbox, Command command, int timeout_seconds);

}  // namespace sandbox
