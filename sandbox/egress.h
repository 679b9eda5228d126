#pragma once
// The way out of an isolated network namespace: whatever its processes send elsewhere arrives at sockets that
// the supervisor reads. No packet leaves the namespace; who decides is not here (runner/network_gate).

#include "base/result.h"
#include "sandbox/sandbox.h"

namespace sandbox {

/// What resolv.conf names; any address would do, since questions to all of them arrive here.
inline constexpr const char* kNameServerInside = "192.0.2.53";

/// Inside a fresh namespace whose lo is up: every address becomes a local one, and connections and datagrams
/// to all but loopback are redirected to the sockets that this makes.
base::Result<Egress> set_up_egress();

/// The rules of one family: nf_tables' `redirect` in its output hook. Ports in host order; 0 is no rule.
struct Redirects {
  int family = 0;
  std::uint16_t tcp = 0;
  std::uint16_t names = 0;
  std::uint16_t datagrams = 0;
};
base::Result<void> add_local_route(int family);
base::Result<void> add_redirects(const Redirects& redirects);

}  // namespace sandbox
