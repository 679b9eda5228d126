#pragma once
// Which options each verb of the `docker` front has, as tables. Not for reading a command line
// (docker_command).

#include <string>
#include <string_view>
#include <vector>

#include "steps/docker_command.h"

namespace steps {

/// One option: what it is called, whether a value follows, what it does. A null `take` is refused by name.
struct DockerOption {
  std::string_view name;
  bool has_value;
  void (*take)(DockerCommand&, const std::string& value);
  bool ignored = false;  ///< accepted without effect, which is told
};

const std::vector<DockerOption>& docker_options_of(DockerVerb verb);

}  // namespace steps
