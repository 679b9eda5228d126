#include "base/unix_socket.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace base {

namespace {

Result<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return invalid_input(fmt::format("a socket's path has 1 to {} bytes; this one has {}: {}",
                                     sizeof address.sun_path - 1, path.size(), path));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Result<Fd> unix_socket(Blocking blocking) {
  const int flags = SOCK_STREAM | SOCK_CLOEXEC | (blocking == Blocking::no ? SOCK_NONBLOCK : 0);
  Fd socket(::socket(AF_UNIX, flags, 0));
  if (!socket) return system_error("socket", errno);
  return socket;
}

}  // namespace

Result<Fd> listen_at(const Path& path, int backlog) {
  // A state folder may lie deeper than a socket's address can say: so it is named by its open folder.
  TRY(const auto folder, open_directory(path.parent_path()));
  TRY(const auto address,
      unix_address(fmt::format("/proc/self/fd/{}/{}", folder.get(), path.filename().string())));
  TRY(auto socket, unix_socket(Blocking::no));
  ::unlink(path.c_str());
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket.get(), backlog) != 0) {
    return system_error("listening at " + path.string(), errno);
  }
  return socket;
}

Result<Fd> connect_to(const Path& path, Blocking blocking) {
  TRY(const auto address, unix_address(path.string()));
  TRY(auto socket, unix_socket(blocking));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return system_error("connecting to " + path.string(), errno);
  return socket;
}

}  // namespace base
