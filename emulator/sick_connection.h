#pragma once
// A connection into a task whose health path is to fail on demand, at once or after a while: the load
// balancer's checks are answered here, everything else is passed on.

#include <atomic>
#include <list>
#include <mutex>
#include <thread>

#include "base/fd.h"
#include "base/result.h"
#include "emulator/faults.h"

namespace emulator {

class SickConnections {
 public:
  explicit SickConnections(TaskFaults::Health health);
  /// Ends the connections and joins their threads.
  ~SickConnections();
  SickConnections(const SickConnections&) = delete;
  SickConnections& operator=(const SickConnections&) = delete;

  /// The end to use instead of `task`.
  base::Result<base::Fd> stand_before(base::Fd task);

 private:
  struct Relay {
    std::thread thread;
    std::atomic<bool> over{false};
  };
  void relay(base::Fd client, base::Fd task);
  bool is_sick_by_now();

  TaskFaults::Health health_;
  base::Fd stop_;
  std::mutex mutex_;
  std::list<Relay> relays_;
  std::atomic<std::int64_t> sick_from_{0};  ///< nanoseconds of the steady clock; 0 before the first check
};

}  // namespace emulator
