#pragma once
// Containers that steps start by `docker run`: each is a sandbox with an image's root, and gone with the job
// at the latest. Not for the command line (docker_command), nor for what is printed (docker_run, docker_ps).

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
#include "sandbox/stream_relay.h"
#include "steps/container_log.h"
#include "steps/container_options.h"
#include "steps/running_job.h"

namespace steps {

/// A container as it was asked for.
struct ContainerRequested {
  std::string name;   ///< empty: any
  std::string image;  ///< as written
  ecr::Image found;
  std::vector<std::string> command;  ///< in place of the image's, unless empty
  ContainerOptions options;
  std::string network = "bridge";  ///< bridge, host, none or a name
  bool remove_when_ended = false;
};

enum class ContainerPhase { created, running, exited };

/// What is known of it at one moment.
struct ContainerState {
  ContainerPhase phase = ContainerPhase::created;
  int exit_code = 0;
  std::string failure;  ///< why its program could not be started
  base::WallTime created, started, finished;
};

class DockerContainer {
 public:
  /// Makes its root. `job` outlives it.
  static base::Result<std::shared_ptr<DockerContainer>> make(ContainerRequested requested, RunningJob& job);
  ~DockerContainer();
  DockerContainer(const DockerContainer&) = delete;
  DockerContainer& operator=(const DockerContainer&) = delete;

  using Peers = std::vector<std::shared_ptr<DockerContainer>>;
  /// Starts its program; returns when it runs. `peers` are found by their names if they run in its network.
  /// What it prints goes to the log and, until forget_output(), to `output`. `input` is its standard input.
  base::Result<void> start(const Peers& peers, sandbox::StreamRelay& relay, ContainerLog::Reader output,
                           base::Fd input);
  /// Starts another program in it and waits for its end.
  base::Result<sandbox::ExitStatus> execute(std::vector<std::string> argv, const ContainerOptions& options,
                                            int input, const ContainerLog::Reader& output,
                                            const std::stop_token& stop);
  base::Result<void> signal(int number);
  void forget_output() { log_.set_reader(nullptr); }
  /// Whether it has ended; waits at most so long, or for ever.
  bool wait_for_end(const std::stop_token& stop, std::optional<std::chrono::milliseconds> most = {});

  [[nodiscard]] ContainerState state() const;
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const std::string& name() const { return requested_.name; }
  [[nodiscard]] const ContainerRequested& requested() const { return requested_; }
  [[nodiscard]] const ecr::ContainerStart& program() const { return program_; }
  /// Where its ports are found: container port → port of the job's 127.0.0.1.
  [[nodiscard]] std::map<std::uint16_t, std::uint16_t> ports() const;
  [[nodiscard]] ContainerLog& log() { return log_; }

 private:
  DockerContainer(ContainerRequested requested, RunningJob& job);
  base::Result<void> open(const Peers& peers, sandbox::StreamRelay& relay);
  base::Result<void> publish(sandbox::StreamRelay& relay);
  base::Result<void> reach(const Peers& peers, sandbox::StreamRelay& relay);
  [[nodiscard]] bool shares_network_with(const DockerContainer& other) const;
  [[nodiscard]] std::set<std::uint16_t> known_ports() const;
  base::Result<base::Fd> connect(std::uint16_t port) const;
  void run(const sandbox::Command& command);
  void close();

  RunningJob& job_;
  const std::string id_;
  ContainerRequested requested_;
  ecr::ContainerStart program_;
  sandbox::Plan plan_;
  sandbox::Command command_;
  base::Path folder_;
  std::shared_ptr<sandbox::Sandbox> sandbox_;
  std::shared_ptr<void> connected_;
  sandbox::StreamRelay* relay_ = nullptr;
  std::vector<int> relayed_;
  ContainerLog log_;
  mutable std::mutex mutex_;  ///< of what follows, and of the pointer to the sandbox
  std::condition_variable_any changed_;
  ContainerState state_;
  std::optional<int> process_;
  std::map<std::uint16_t, std::uint16_t> ports_;
  base::Fd input_;
  std::thread thread_;
};

/// Those of one job. May be used by several threads.
class DockerContainers {
 public:
  explicit DockerContainers(RunningJob& job) : job_(job) {}

  base::Result<std::shared_ptr<DockerContainer>> create(ContainerRequested requested);
  base::Result<void> start(DockerContainer& container, ContainerLog::Reader output, base::Fd input);
  /// By name, id or the beginning of an id.
  base::Result<std::shared_ptr<DockerContainer>> find(const std::string& text);
  /// In the order in which they were made.
  std::vector<std::shared_ptr<DockerContainer>> list();
  void remove(const DockerContainer& container);

  base::Result<void> add_network(const std::string& name);
  base::Result<void> remove_network(const std::string& name);
  std::set<std::string> networks();

 private:
  void forget_ended();

  RunningJob& job_;
  std::mutex mutex_;
  std::unique_ptr<sandbox::StreamRelay> relay_;  ///< made with the first container
  std::vector<std::shared_ptr<DockerContainer>> containers_;
  std::set<std::string> networks_{"bridge", "host", "none"};
};

}  // namespace steps
