#pragma once
// A container that steps start by `docker run`: a sandbox with an image's root, which may run several times.
// Not for which there are (docker_containers), nor for what is printed (docker_run, docker_ps).

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "ecr/container_start.h"
#include "ecr/image.h"
#include "sandbox/sandbox.h"
#include "steps/container_health.h"
#include "steps/container_log.h"
#include "steps/container_network.h"
#include "steps/container_options.h"
#include "steps/running_job.h"

namespace steps {

/// What Docker's engine would have said.
base::Error as_docker_says(const std::string& what);
/// Whether containers find each other in a network of this name.
bool is_own_network(const std::string& name);

/// A container as it was asked for.
struct ContainerRequested {
  std::string name;   ///< empty: any
  std::string image;  ///< as written
  ecr::Image found;
  std::vector<std::string> command;  ///< in place of the image's, unless empty
  ContainerOptions options;
  std::vector<std::string> networks = {"bridge"};  ///< names; or bridge, host or none alone
  bool remove_when_ended = false;

  [[nodiscard]] bool is_in(const std::string& network) const;
};

enum class ContainerPhase { created, running, exited };

/// What is known of it at one moment.
struct ContainerState {
  ContainerPhase phase = ContainerPhase::created;
  int exit_code = 0;
  std::string failure;  ///< why its program could not be started
  base::WallTime created, started, finished;
  std::optional<ecr::Health> health;  ///< while it has a check
  int health_failures = 0;
};

/// A sandbox that comes and goes; who has it may hold it beyond the container whose sandbox it is.
class SandboxDoor {
 public:
  void lead_to(std::shared_ptr<sandbox::Sandbox> sandbox);
  [[nodiscard]] std::shared_ptr<sandbox::Sandbox> sandbox() const;
  /// To a port of its 127.0.0.1.
  [[nodiscard]] base::Result<base::Fd> connect(std::uint16_t port) const;

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<sandbox::Sandbox> sandbox_;
};

class DockerContainer {
 public:
  /// Makes its root. `number` is no other's of the job, which outlives it.
  static base::Result<std::shared_ptr<DockerContainer>> make(ContainerRequested requested, RunningJob& job,
                                                             sandbox::StreamRelay& relay, unsigned number);
  ~DockerContainer();
  DockerContainer(const DockerContainer&) = delete;
  DockerContainer& operator=(const DockerContainer&) = delete;

  /// Starts its program; returns when it runs. What it prints goes to the log and, until forget_output(), to
  /// `output`. `input` is its standard input.
  base::Result<void> start(const std::vector<Neighbour>& neighbours, ContainerLog::Reader output,
                           base::Fd input);
  /// While it runs: the other one is found by its names from now on, or no more.
  base::Result<void> meet(const Neighbour& neighbour);
  base::Result<void> part_from(const Neighbour& neighbour);
  /// As others have it, with the ports at which it is known to listen.
  [[nodiscard]] Neighbour as_neighbour() const;
  /// Asks at its ports that nobody listened at so far; whether one is open now.
  bool look_for_open_ports();
  /// Starts another program in it and waits for its end. One that could not be started has a failure.
  base::Result<sandbox::ExitStatus> execute(std::vector<std::string> argv, const ContainerOptions& options,
                                            int input, const ContainerLog::Reader& output,
                                            const std::stop_token& stop);
  /// Calls `use` with its root as its processes see it, of one that does not run, too.
  base::Result<void> with_root(const std::function<base::Result<void>(int root)>& use);
  base::Result<void> signal(int number);
  void forget_output() { log_.set_reader(nullptr); }
  /// Whether it has ended; waits at most so long, or for ever.
  bool wait_for_end(const std::stop_token& stop, std::optional<std::chrono::milliseconds> most = {});

  [[nodiscard]] ContainerState state() const;
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const std::string& name() const { return requested_.name; }
  [[nodiscard]] const ContainerRequested& requested() const { return requested_; }
  [[nodiscard]] const ecr::ContainerStart& program() const { return program_; }
  [[nodiscard]] const sandbox::Plan& plan() const { return plan_; }
  /// Where its ports are found: container port → port of the job's 127.0.0.1.
  [[nodiscard]] std::map<std::uint16_t, std::uint16_t> ports() const { return network_.ports(); }
  [[nodiscard]] ContainerLog& log() { return log_; }

 private:
  DockerContainer(ContainerRequested requested, RunningJob& job, sandbox::StreamRelay& relay,
                  unsigned number);
  base::Result<void> open(const std::vector<Neighbour>& neighbours);
  void run(const sandbox::Command& command);
  void watch_health(const sandbox::Command& command);
  void close();

  RunningJob& job_;
  const std::string id_;
  ContainerRequested requested_;
  const std::string address_;
  ecr::ContainerStart program_;
  sandbox::Plan plan_;
  sandbox::Command command_;
  base::Path folder_;
  const std::shared_ptr<SandboxDoor> door_ = std::make_shared<SandboxDoor>();
  std::shared_ptr<void> connected_;
  ContainerNetwork network_;
  ContainerLog log_;
  std::mutex root_;  ///< nobody may have the root twice: held while it is opened for a start or with_root()
  mutable std::mutex mutex_;  ///< of what follows
  std::condition_variable_any changed_;
  ContainerState state_;
  std::optional<int> process_;
  std::set<std::uint16_t> open_ports_;
  std::unique_ptr<HealthWatch> health_;  ///< of the thread that runs the program
  base::Fd input_;
  std::thread thread_;
};

}  // namespace steps
