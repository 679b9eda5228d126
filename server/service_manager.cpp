#include "server/service_manager.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>

#include "base/fd.h"
#include "base/strings.h"

namespace server {

namespace {

constexpr int kFirstSocket = 3;  // SD_LISTEN_FDS_START

std::string manager_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_listening(int fd) {
  int listening = 0;
  socklen_t size = sizeof listening;
  return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening != 0;
}

}  // namespace

base::Result<void> notify_service_manager(std::string_view state) {
  const auto path = manager_variable("NOTIFY_SOCKET");
  if (path.empty()) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
    return base::invalid_input(
        fmt::format("NOTIFY_SOCKET: expected a path or an abstract name, found '{}'", path));
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path[0] == '@') address.sun_path[0] = '\0';
  const base::Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return base::system_error("making a socket for the service manager", errno);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  if (::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&address),
               size) < 0)
    return base::system_error("telling the service manager at " + path, errno);
  return {};
}

base::Result<std::optional<base::Fd>> take_listening_socket() {
  const auto process = base::parse_integer(manager_variable("LISTEN_PID"));
  const auto count = base::parse_integer(manager_variable("LISTEN_FDS"));
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  if (!process || *process != ::getpid() || !count || *count < 1) return std::optional<base::Fd>();
  if (*count > 1) {
    return base::invalid_input(fmt::format(
        "expected one socket of the service manager, found {}: the unit has to listen once", *count));
  }
  base::Fd socket(kFirstSocket);
  if (!is_listening(socket.get()))
    return base::invalid_input(
        "expected a listening stream socket of the service manager, found something else");
  if (::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0)
    return base::system_error("keeping the service manager's socket", errno);
  return std::optional(std::move(socket));
}

std::optional<std::chrono::microseconds> watchdog_interval() {
  const auto microseconds = base::parse_integer(manager_variable("WATCHDOG_USEC"));
  const auto process = base::parse_integer(manager_variable("WATCHDOG_PID"));
  if (!microseconds || *microseconds < 2 || (process && *process != ::getpid())) return std::nullopt;
  return std::chrono::microseconds(*microseconds / 2);
}

Watchdog::Watchdog() {
  const auto interval = watchdog_interval();
  if (!interval) return;
  thread_ = std::jthread([interval = *interval](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    while (!stop.stop_requested()) {
      // A manager that is gone watches nothing.
      (void)notify_service_manager("WATCHDOG=1");
      std::unique_lock lock(mutex);
      never.wait_for(lock, stop, interval, [] { return false; });
    }
  });
}

}  // namespace server
