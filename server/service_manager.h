#pragma once
// What a service says to systemd: that it is ready, that it lives, that it ends, by datagrams to
// $NOTIFY_SOCKET (sd_notify(3)). Without systemd all of it does nothing.

#include <chrono>
#include <optional>
#include <string_view>
#include <thread>

#include "base/result.h"

namespace server {

/// READY=1, STOPPING=1, STATUS=…: lines of NAME=VALUE.
base::Result<void> notify_service_manager(std::string_view state);

/// How often the service manager wants to hear that the service lives, halved; nothing when it does not.
std::optional<std::chrono::microseconds> watchdog_interval();

/// Says so as long as it exists.
class Watchdog {
 public:
  /// Does nothing when nobody watches.
  Watchdog();

 private:
  std::jthread thread_;
};

}  // namespace server
