#pragma once
// A TCP socket that waits for connections. What is spoken over them is not its business.

#include <cstdint>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace base {

/// Binds and listens, close-on-exec; port 0 takes one that the system gives. A port that somebody else
/// listens on is an error that says so: the port is never shared.
Result<Fd> listen_on(const std::string& address, std::uint16_t port);
/// The local port of a socket; 0 when it has none.
std::uint16_t port_of(int socket);

}  // namespace base
