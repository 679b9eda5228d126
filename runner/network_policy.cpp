#include "runner/network_policy.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/strings.h"

namespace runner {

namespace {

constexpr std::string_view kAllow = "allow=";
constexpr std::array<std::uint16_t, 2> kWebPorts{443, 80};

std::string normal_name(std::string_view name) {
  std::string lower = base::to_lower(name);
  if (lower.ends_with('.')) lower.pop_back();
  return lower;
}

bool is_host_name(std::string_view name) {
  return !name.empty() && name.size() <= 253 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._") == std::string_view::npos;
}

bool is_address(const std::string& text) {
  in6_addr parsed{};
  return ::inet_pton(AF_INET, text.c_str(), &parsed) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), &parsed) == 1;
}

bool name_fits(const AllowedHost& host, const std::string& name) {
  if (!host.name.starts_with("*.")) return host.name == name;
  const std::string_view suffix = std::string_view(host.name).substr(1);
  return name.size() > suffix.size() && name.ends_with(suffix);
}

base::Result<AllowedHost> parse_host(std::string_view text) {
  const auto wrong = [&](std::string_view what) {
    return base::make_error(
        base::ErrorKind::invalid_input,
        fmt::format("network: expected HOST or HOST:PORT, as in registry.npmjs.org:443 or *.example.com, "
                    "found '{}' ({})",
                    text, what));
  };
  AllowedHost host;
  std::string_view name = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return wrong("there is no ']'");
    name = text.substr(1, end - 1);
    if (end + 1 < text.size() && text[end + 1] != ':') return wrong("after ']' a port may follow");
    if (end + 1 < text.size()) port = text.substr(end + 2);
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    name = text.substr(0, text.find(':'));
    port = text.substr(text.find(':') + 1);
  }
  host.name = normal_name(name);
  const auto checked = host.name.starts_with("*.") ? host.name.substr(2) : host.name;
  if (!is_host_name(checked) && !is_address(host.name)) return wrong("not a host name");
  if (name.size() == text.size()) return host;
  const auto number = base::parse_integer(port);
  if (!number || *number < 1 || *number > 65535) {
    if (!text.starts_with('[') || !port.empty()) return wrong("not a port");
    return host;
  }
  host.port = static_cast<std::uint16_t>(*number);
  return host;
}

bool is_inner_v4(std::uint32_t address) {
  struct Net {
    std::uint32_t first;
    int bits;
  };
  // This host, private use, shared, loopback, link-local (with the metadata service), benchmarks, multicast
  // and above.
  constexpr Net kNets[] = {{0x00000000, 8},  {0x0A000000, 8},  {0x64400000, 10},
                           {0x7F000000, 8},  {0xA9FE0000, 16}, {0xAC100000, 12},
                           {0xC0A80000, 16}, {0xC6120000, 15}, {0xE0000000, 3}};
  return std::any_of(std::begin(kNets), std::end(kNets), [&](const Net& net) {
    return (address >> (32 - net.bits)) == (net.first >> (32 - net.bits));
  });
}

}  // namespace

base::Result<NetworkPolicy> parse_network_policy(std::string_view text) {
  if (text == "none") return NetworkPolicy{.rule = NetworkRule::none, .allowed = {}};
  if (text == "host") return NetworkPolicy{.rule = NetworkRule::host, .allowed = {}};
  if (text == "audit") return NetworkPolicy{.rule = NetworkRule::audit, .allowed = {}};
  if (!text.starts_with(kAllow)) {
    return base::make_error(
        base::ErrorKind::invalid_input,
        fmt::format("network: expected none, host, audit or allow=HOST:PORT,…, found '{}'", text));
  }
  NetworkPolicy policy{.rule = NetworkRule::allow, .allowed = {}};
  for (const auto& part : base::split(std::string(text.substr(kAllow.size())), ',')) {
    const auto trimmed = base::trim(part);
    if (trimmed.empty()) continue;
    TRY(auto host, parse_host(trimmed));
    policy.allowed.push_back(std::move(host));
  }
  if (policy.allowed.empty()) {
    return base::make_error(base::ErrorKind::invalid_input,
                            "network: allow= names no host; to allow nothing, say none");
  }
  return policy;
}

bool may_resolve(const NetworkPolicy& policy, std::string_view name) {
  if (policy.rule == NetworkRule::audit || policy.rule == NetworkRule::host) return true;
  const auto wanted = normal_name(name);
  return std::any_of(policy.allowed.begin(), policy.allowed.end(),
                     [&](const AllowedHost& host) { return name_fits(host, wanted); });
}

bool may_connect(const NetworkPolicy& policy, std::string_view name, std::uint16_t port) {
  if (policy.rule == NetworkRule::audit || policy.rule == NetworkRule::host) return true;
  const auto wanted = normal_name(name);
  return std::any_of(policy.allowed.begin(), policy.allowed.end(), [&](const AllowedHost& host) {
    const bool port_fits =
        host.port == port ||
        (host.port == 0 && std::find(kWebPorts.begin(), kWebPorts.end(), port) != kWebPorts.end());
    return port_fits && name_fits(host, wanted);
  });
}

bool is_inner_address(std::string_view address) {
  const std::string text(address);
  in_addr v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return is_inner_v4(ntohl(v4.s_addr));
  in6_addr v6{};
  if (::inet_pton(AF_INET6, text.c_str(), &v6) != 1) return true;  // not an address: nowhere to go
  if (IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_UNSPECIFIED(&v6)) return true;
  if (IN6_IS_ADDR_V4MAPPED(&v6) || IN6_IS_ADDR_V4COMPAT(&v6)) {
    std::uint32_t inner = 0;
    std::memcpy(&inner, v6.s6_addr + 12, sizeof inner);
    return is_inner_v4(ntohl(inner));
  }
  // Unique local, link-local, site-local, multicast; what stands for IPv4 (NAT64, 6to4) is no way around.
  const unsigned first = v6.s6_addr[0];
  const unsigned second = v6.s6_addr[1];
  return (first & 0xfeU) == 0xfc || first == 0xff || (first == 0xfe && (second & 0x80U) != 0) ||
         (first == 0x00 && second == 0x64) || (first == 0x20 && second == 0x02);
}

}  // namespace runner
