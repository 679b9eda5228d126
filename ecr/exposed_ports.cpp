#include "ecr/exposed_ports.h"

#include <fmt/format.h>

#include <optional>

#include "base/strings.h"

namespace ecr {

namespace {

struct PortRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

std::optional<PortRange> parse_port_range(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = base::parse_integer(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : base::parse_integer(text.substr(dash + 1));
  if (!first || !last || *first < 0 || *first > *last || *last > 65'535) return std::nullopt;
  return PortRange{*first, *last};
}

/// What may stand before a container's port for docker run: `[address:]port:`, the port perhaps empty.
bool is_host_part(std::string_view text) {
  const auto colon = text.rfind(':');
  const auto port = colon == std::string_view::npos ? text : text.substr(colon + 1);
  const auto address = colon == std::string_view::npos ? "" : text.substr(0, colon);
  return (port.empty() || parse_port_range(port)) &&
         address.find_first_not_of("0123456789abcdefABCDEF.:[]") == std::string_view::npos;
}

}  // namespace

base::Result<ExposedPorts> parse_exposed_ports(std::string_view word) {
  ExposedPorts exposed;
  const auto slash = word.find('/');
  const auto colon = word.substr(0, slash).rfind(':');
  exposed.names_host = colon != std::string_view::npos;
  if (slash != std::string_view::npos) exposed.protocol = word.substr(slash + 1);
  const auto protocol = exposed.protocol.empty() ? "tcp" : base::to_lower(exposed.protocol);
  const auto start = exposed.names_host ? colon + 1 : 0;
  const auto range = parse_port_range(word.substr(0, slash).substr(start));
  const bool known = protocol == "tcp" || protocol == "udp" || protocol == "sctp";
  if (!known || !range || (exposed.names_host && !is_host_part(word.substr(0, colon)))) {
    return base::invalid_input(fmt::format(
        "EXPOSE: expected a port or a range of ports, with /tcp, /udp or /sctp; found '{}'", word));
  }
  for (auto port = range->first; port <= range->last; ++port)
    exposed.ports.push_back(fmt::format("{}/{}", port, protocol));
  return exposed;
}

}  // namespace ecr
