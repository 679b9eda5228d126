#pragma once
// A reader of the event stream that works in a thread of its own: no step waits for a terminal or a disk.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "runner/run_event.h"

namespace runner {

class BackgroundReader {
 public:
  /// Called in the other thread with all that came since the last call, in its order.
  using Reader = std::function<void(std::span<const RunEvent>)>;
  explicit BackgroundReader(Reader reader);
  BackgroundReader(const BackgroundReader&) = delete;
  BackgroundReader& operator=(const BackgroundReader&) = delete;
  ~BackgroundReader() { close(); }
  /// Takes the event; waits while too many are not read yet.
  void operator()(RunEvent event);
  /// Returns when all events are read. No event may come afterwards.
  void close();

 private:
  void read();
  [[nodiscard]] bool is_full() const;

  Reader reader_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<RunEvent> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace runner
