#include "steps/published_ports.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace steps {

namespace {

using base::Result;

base::Error refused_port(const std::string& what) {
  return base::make_error(base::ErrorKind::invalid_input, what);
}

Result<std::uint16_t> parse_port_number(std::string_view text) {
  const auto number = base::parse_integer(text);
  if (!number || *number < 0 || *number > 65'535)
    return refused_port(fmt::format("expected a port between 0 and 65535, found '{}'", text));
  return static_cast<std::uint16_t>(*number);
}

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
};

Result<PortRange> parse_port_range(std::string_view text) {
  const auto dash = text.find('-');
  PortRange range;
  TRY(range.first, parse_port_number(text.substr(0, dash)));
  range.last = range.first;
  if (dash == std::string_view::npos) return range;
  TRY(range.last, parse_port_number(text.substr(dash + 1)));
  if (range.last < range.first)
    return refused_port(fmt::format("expected a range of ports, found '{}'", text));
  return range;
}

bool is_address_of_this_machine(std::string_view text) {
  return text == "127.0.0.1" || text == "0.0.0.0" || text == "localhost" || text.empty();
}

}  // namespace

Result<std::vector<PublishedPort>> parse_ports(std::string_view text) {
  std::string_view rest = base::trim(text);
  bool udp = false;
  if (const auto slash = rest.rfind('/'); slash != std::string_view::npos) {
    const auto protocol = rest.substr(slash + 1);
    if (protocol != "tcp" && protocol != "udp")
      return refused_port(fmt::format("the port '{}': only tcp and udp are supported", text));
    udp = protocol == "udp";
    rest = rest.substr(0, slash);
  }
  const auto last = rest.rfind(':');
  TRY(const auto container, parse_port_range(last == std::string_view::npos ? rest : rest.substr(last + 1)));
  PortRange host;
  if (last != std::string_view::npos) {
    auto outer = rest.substr(0, last);
    if (const auto colon = outer.rfind(':'); colon != std::string_view::npos) {
      if (!is_address_of_this_machine(outer.substr(0, colon))) {
        return refused_port(fmt::format("the port '{}': ports are published on 127.0.0.1 only", text));
      }
      outer = outer.substr(colon + 1);
    }
    if (!outer.empty()) {
      TRY(host, parse_port_range(outer));
    }
  }
  if (container.first == 0)
    return refused_port(fmt::format("the port '{}': 0 is no port of a container", text));
  const bool any = host.last == 0;
  if (!any && host.last - host.first != container.last - container.first)
    return refused_port(fmt::format("the ports '{}': both ranges must have the same length", text));
  std::vector<PublishedPort> ports;
  for (int i = 0; i <= container.last - container.first; ++i) {
    ports.push_back({static_cast<std::uint16_t>(any ? 0 : host.first + i),
                     static_cast<std::uint16_t>(container.first + i), udp});
  }
  return ports;
}

}  // namespace steps
