#pragma once
// What systemd and a service say to each other: by a datagram to $NOTIFY_SOCKET (sd_notify(3)), and by
// sockets that are open already ($LISTEN_FDS, sd_listen_fds(3)). Without systemd all of it does nothing.

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>

#include "base/fd.h"
#include "base/result.h"

namespace server {

/// READY=1, STOPPING=1, STATUS=…: lines of NAME=VALUE.
base::Result<void> notify_service_manager(std::string_view state);

/// The first socket that was handed over; nothing when there is none. An Error when it is no listening
/// socket. The variables are taken away, so that nothing that is started later takes them for its own.
base::Result<std::optional<base::Fd>> take_listening_socket();

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
