#pragma once
// What the user typed after `pipeline serve`.

#include <string>

namespace cli {

struct ServeFlags {
  std::string verb;    ///< "" is the daemon itself
  std::string config;  ///< the configuration file
};

}  // namespace cli
