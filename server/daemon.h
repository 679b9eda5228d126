#pragma once
// `pipeline serve` as an object: opens the state, listens, and puts the parts of this room together. What the
// parts do is theirs.

#include <functional>
#include <memory>
#include <string>

#include "base/http_server.h"
#include "base/result.h"
#include "server/attempt_queue.h"
#include "server/config.h"

namespace server {

struct DaemonOptions {
  Config config;
  base::Path state_folder;
  base::Fd socket;  ///< listening already (socket activation); else it listens as the configuration says
  base::Path boot_id_file = "/proc/sys/kernel/random/boot_id";
  /// Starts a process that carries the attempt out under its fence; it lives on without the daemon.
  std::function<base::Result<pid_t>(const Attempt& attempt)> start_supervisor;
  /// Starts a process that carries out a rollback that was written down.
  std::function<base::Result<pid_t>(std::int64_t id)> start_rollback;
  /// Removes runs of the history that began before, and the oldest of more than so many.
  std::function<base::Result<void>(double older_than, std::size_t most)> remove_runs;
};

class Daemon {
 public:
  /// An Error when another daemon has this state folder.
  static base::Result<std::unique_ptr<Daemon>> start(DaemonOptions options);
  /// Takes no more work, answers what was asked and ends; runs go on without it.
  ~Daemon();
  [[nodiscard]] std::uint16_t port() const;

 private:
  struct State;
  explicit Daemon(std::unique_ptr<State> state);
  static base::Result<void> start_parts(State& state);
  static base::Result<void> add_routes(State& state);
  std::unique_ptr<State> state_;
};

}  // namespace server
