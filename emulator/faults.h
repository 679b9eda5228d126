#pragma once
// Faults on demand: what shall go wrong, until it is taken back. Declared by the seed or by the emulator's
// owner; each part of the emulator asks here whether it is its turn to fail. Held in memory alone.

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "emulator/task_report.h"

namespace emulator {

struct Fault {
  std::uint64_t id = 0;
  std::string kind;             ///< docs/emulator.md lists them
  std::string task_definition;  ///< glob over family:revision; pull, capacity, crash, health, slow_start
  bool new_revisions = true;    ///< only task definitions that are registered after the fault
  std::string action;           ///< glob over ecs:UpdateService; throttle, expired_token
  std::string alarm;            ///< a name; alarm
  std::string repository;       ///< glob; registry
  double after_seconds = 0;     ///< crash, slow_start: since the task's start; health: since its first check
  double delay_seconds = 0;     ///< health: before each answer
  int status = 500;             ///< health: of the answer, when there is no delay
  std::uint64_t times = 0;      ///< how often; 0: until it is taken back
  double until = 0;             ///< epoch seconds; 0: no end
  double declared_at = 0;
  std::uint64_t happened = 0;
};

/// What shall befall a task that is about to start.
struct TaskFaults {
  bool pull_fails = false;
  bool no_capacity = false;
  std::optional<double> crash_after;
  double deaf_for = 0;  ///< seconds in which nothing listens
  struct Health {
    int status = 500;
    double delay_seconds = 0;
    double after_seconds = 0;  ///< since the first check, until when checks reach the task
  };
  std::optional<Health> health;
};

class Faults {
 public:
  explicit Faults(base::Clock& clock) : clock_(clock) {}

  /// {kind, …, seconds}; the Error says which member is wrong. The id is for remove().
  base::Result<Fault> add(const base::Json& declared);
  bool remove(std::uint64_t id);
  void clear();
  [[nodiscard]] base::Json list() const;

  /// Each counts what it answers as happened.
  TaskFaults of_task(const TaskOrder& order);
  bool throttles(const std::string& action);
  bool expires_token(const std::string& action);
  bool identity_provider_is_down();
  bool breaks_registry(const std::string& repository);

 private:
  [[nodiscard]] double now() const { return base::to_epoch_seconds(clock_.now()); }
  std::optional<Fault> take(const char* kind, const std::function<bool(const Fault&)>& fits);

  mutable std::mutex mutex_;
  base::Clock& clock_;
  std::uint64_t next_id_ = 1;
  std::vector<Fault> faults_;
};

}  // namespace emulator
