#pragma once
// Ports of containers and where the job finds them, as `-p`, `ports:` and EXPOSE write them. Pure.

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace steps {

/// A port of a container and where the job finds it; `host` 0 is any that is free.
struct PublishedPort {
  std::uint16_t host = 0;
  std::uint16_t container = 0;
  bool udp = false;
  bool operator==(const PublishedPort&) const = default;
};
/// `80`, `8080:80`, `127.0.0.1:8080:80`, `8080-8082:80-82`, each with `/tcp` or `/udp`.
base::Result<std::vector<PublishedPort>> parse_ports(std::string_view text);

}  // namespace steps
