#include "base/listening_socket.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

namespace base {

namespace {

constexpr int kBacklog = 512;

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

std::string place_of(const std::string& address, std::uint16_t port) {
  return address.find(':') == std::string::npos ? fmt::format("{}:{}", address, port)
                                                : fmt::format("[{}]:{}", address, port);
}

Error listen_error(const std::string& place, int error_number) {
  switch (error_number) {
    case EADDRINUSE:
      return make_error(
          ErrorKind::denied,
          fmt::format("address already in use: {}; another process listens there: end it or choose "
                      "another port",
                      place));
    case EACCES:
      return make_error(ErrorKind::denied,
                        fmt::format("not allowed to listen on {}: ports below 1024 need more rights; "
                                    "choose another port",
                                    place));
    case EADDRNOTAVAIL:
      return make_error(
          ErrorKind::invalid_input,
          fmt::format("cannot listen on {}: no interface of this machine has that address", place));
    default:
      return system_error("cannot listen on " + place, error_number);
  }
}

}  // namespace

Result<Fd> listen_on(const std::string& address, std::uint16_t port) {
  const std::string place = place_of(address, port);
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE;
  addrinfo* raw = nullptr;
  if (const int code = ::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &wanted, &raw);
      code != 0) {
    return make_error(ErrorKind::invalid_input,
                      fmt::format("cannot listen on {}: {}", place, ::gai_strerror(code)));
  }
  const std::unique_ptr<addrinfo, FreeAddresses> first(raw);
  Fd socket(::socket(first->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return system_error("socket", errno);
  // After a restart the old connections may still linger; SO_REUSEPORT would share the port with a stranger.
  const int yes = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(socket.get(), first->ai_addr, first->ai_addrlen) != 0 || ::listen(socket.get(), kBacklog) != 0) {
    return listen_error(place, errno);
  }
  return socket;
}

std::uint16_t port_of(int socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
  if (storage.ss_family == AF_INET) return ntohs(reinterpret_cast<sockaddr_in*>(&storage)->sin_port);
  if (storage.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port);
  return 0;
}

}  // namespace base
