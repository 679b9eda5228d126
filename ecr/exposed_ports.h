#pragma once
// The ports that a word of EXPOSE means.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ecr {

struct ExposedPorts {
  std::vector<std::string> ports;  ///< `8080/tcp`
  std::string protocol;            ///< as written; empty when it was not
  bool names_host = false;         ///< `address:port:` stood before it, which means nothing
};
/// `8000-8002/tcp`; the protocol is tcp unless said.
base::Result<ExposedPorts> parse_exposed_ports(std::string_view word);

}  // namespace ecr
