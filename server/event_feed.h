#pragma once
// What happens in a run as server-sent events, from the outline of the run: nothing is kept for a reader, and
// one that comes back goes on where it was. Not for lines of a log by number (api).

#include <atomic>
#include <stop_token>

#include "base/files.h"
#include "server/attempt_queue.h"
#include "server/routes.h"

namespace server {

class EventFeed {
 public:
  /// Each holds a connection and its thread.
  static constexpr int kMostStreams = 64;

  EventFeed(base::Path state_folder, AttemptQueue& queue)
      : state_folder_(std::move(state_folder)), queue_(queue) {}
  /// Of the run {id}, without the lines of its log: after the place `after`, or that of Last-Event-ID.
  [[nodiscard]] base::ServerResponse stream(const Call& call);
  /// Ends all streams.
  void stop() { stop_.request_stop(); }
  [[nodiscard]] int streams() const { return *streams_; }

 private:
  base::Path state_folder_;
  AttemptQueue& queue_;
  std::shared_ptr<std::atomic<int>> streams_ = std::make_shared<std::atomic<int>>(0);
  std::stop_source stop_;
};

}  // namespace server
