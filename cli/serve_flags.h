#pragma once
// What the user typed after `pipeline serve`, `pipeline dispatch`.

#include <cstdint>
#include <string>
#include <vector>

namespace cli {

struct ServeFlags {
  std::string config;  ///< the configuration file
  std::string boot_id_file = "/proc/sys/kernel/random/boot_id";
  std::int64_t attempt = 0;  ///< carries this one out instead, as a supervisor
  std::int64_t fence = 0;
  std::int64_t rollback = 0;  ///< carries this one out instead
};

struct DispatchFlags {
  std::string server;  ///< URL; empty: PIPELINE_SERVER
  std::string repository;
  std::string workflow;
  std::string ref;                  ///< empty: the default branch
  std::vector<std::string> inputs;  ///< k=v
};

}  // namespace cli
