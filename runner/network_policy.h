#pragma once
// What a job's steps may connect to, as data: read from `--network` or `.pipeline.yml`, asked by the gate
// (network_gate). Not for carrying anything out.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace runner {

enum class NetworkRule {
  none,   ///< nothing
  host,   ///< the host's network, unseen
  audit,  ///< everything, and what it was is reported
  allow,  ///< what is listed; the rest is refused and reported
};

/// `name` is a host name, `*.name` for all below it, or an address.
struct AllowedHost {
  std::string name;
  std::uint16_t port = 0;  ///< 0 is 443 and 80
  bool operator==(const AllowedHost&) const = default;
};

struct NetworkPolicy {
  NetworkRule rule = NetworkRule::host;
  std::vector<AllowedHost> allowed;
  bool operator==(const NetworkPolicy&) const = default;
};

/// `none`, `host`, `audit` or `allow=HOST[:PORT],…`.
base::Result<NetworkPolicy> parse_network_policy(std::string_view text);

/// Whether a question for this name may be answered.
bool may_resolve(const NetworkPolicy& policy, std::string_view name);
/// Whether a connection to this name, or to an address that was named as such, may be made.
bool may_connect(const NetworkPolicy& policy, std::string_view name, std::uint16_t port);
/// Loopback, link-local, private and multicast addresses: where a name must not lead unless they are listed
/// themselves (DNS rebinding).
bool is_inner_address(std::string_view address);

}  // namespace runner
