#pragma once
// Who listens on a port of this machine, for the message that it is taken.

#include <cstdint>
#include <string>

namespace runner {

struct PortOwner {
  std::string text;       ///< "process 812 (postgres)", or that it cannot be seen
  bool is_known = false;  ///< not: it is gone already, or hidden from us
  bool is_ours = false;   ///< this program: another job's service, of this run or of another
};

/// For TCP; as far as /proc lets us see.
PortOwner owner_of_port(std::uint16_t port);

}  // namespace runner
