#include "sandbox/egress.h"

#include <arpa/inet.h>
#include <linux/netfilter_ipv4.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace sandbox {

namespace {

using base::Result;

Result<base::Fd> loopback_socket(int family, int type) {
  base::Fd socket(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return base::system_error("socket", errno);
  sockaddr_storage address{};
  socklen_t size = sizeof(sockaddr_in);
  address.ss_family = static_cast<sa_family_t>(family);
  if (family == AF_INET) {
    reinterpret_cast<sockaddr_in&>(address).sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  } else {
    reinterpret_cast<sockaddr_in6&>(address).sin6_addr = in6addr_loopback;
    size = sizeof(sockaddr_in6);
  }
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) != 0)
    return base::system_error("binding a socket for what leaves the sandbox", errno);
  if (type == SOCK_STREAM && ::listen(socket.get(), SOMAXCONN) != 0)
    return base::system_error("listen", errno);
  return socket;
}

std::uint16_t port_of(const base::Fd& socket) {
  sockaddr_in6 address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.sin6_port);  // at the same place in both families
}

Result<void> set_up_ipv6(Egress& egress) {
  auto tcp = loopback_socket(AF_INET6, SOCK_STREAM);
  if (!tcp) return {};  // a machine without IPv6: nothing leaves that way
  egress.tcp_over_ipv6 = std::move(*tcp);
  TRY(add_local_route(AF_INET6));
  return add_redirects({.family = AF_INET6, .tcp = port_of(egress.tcp_over_ipv6)});
}

}  // namespace

Result<Egress> set_up_egress() {
  Egress egress;
  TRY(egress.tcp, loopback_socket(AF_INET, SOCK_STREAM));
  TRY(egress.names, loopback_socket(AF_INET, SOCK_DGRAM));
  TRY(egress.datagrams, loopback_socket(AF_INET, SOCK_DGRAM));
  TRY(add_local_route(AF_INET));
  TRY(add_redirects({.family = AF_INET,
                     .tcp = port_of(egress.tcp),
                     .names = port_of(egress.names),
                     .datagrams = port_of(egress.datagrams)}));
  TRY(set_up_ipv6(egress));
  return egress;
}

Result<Destination> original_destination(int connection) {
  char text[INET6_ADDRSTRLEN] = "";
  sockaddr_in v4{};
  socklen_t size = sizeof v4;
  if (::getsockopt(connection, SOL_IP, SO_ORIGINAL_DST, &v4, &size) == 0 && v4.sin_family == AF_INET) {
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return Destination{text, ntohs(v4.sin_port)};
  }
  sockaddr_in6 v6{};
  size = sizeof v6;
  if (::getsockopt(connection, SOL_IPV6, SO_ORIGINAL_DST, &v6, &size) != 0)
    return base::system_error("asking where a connection was meant to go", errno);
  ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  return Destination{text, ntohs(v6.sin6_port)};
}

}  // namespace sandbox
