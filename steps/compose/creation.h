#pragma once
// What `docker create` and `docker build` have to be told for a service.

#include "base/result.h"
#include "steps/compose/engine.h"
#include "steps/compose/load.h"

namespace steps::compose {

/// What `run` says over the service.
struct OneOff {
  std::string name;
  std::vector<std::string> options;  ///< of docker run
  std::vector<std::string> command;  ///< in place of the service's, unless empty
  bool with_ports = false;
};

/// `verb` and all behind it. Reads the service's env_files.
base::Result<Asked> creation(const Project& project, const Service& service, const std::string& verb,
                             const OneOff* one_off = nullptr);
/// The same question always has the same one: a container with another one is made anew.
std::string digest_of(const Asked& creation, const std::string& image_id);

base::Result<Asked> build_of(const Project& project, const Service& service,
                             const std::vector<std::string>& more);

}  // namespace steps::compose
