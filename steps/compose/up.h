#pragma once
// `docker compose up`: networks, volumes, images, then each service as soon as what it depends on is as it
// asks for.

#include "base/result.h"
#include "steps/compose/engine.h"
#include "steps/compose/load.h"

namespace steps::compose {

/// Tells what happens to a part of the project, as Compose does without a terminal.
void tell(const std::string& what, const std::string& name, const std::string& state);

/// Builds and pulls what the services need, as the command line wants it.
base::Result<void> prepare_images(const Project& project, const CommandLine& line,
                                  const std::vector<const Service*>& services);
base::Result<void> prepare_networks(const Project& project, const std::vector<const Service*>& services);
/// Makes and starts their containers.
base::Result<void> start_services(const Project& project, const CommandLine& line,
                                  const std::vector<const Service*>& services);
/// Until what the service depends on is as it asks for; all of it is started.
base::Result<void> wait_for_dependencies(const Project& project, const Service& service,
                                         const std::vector<const Service*>& started);
/// Until all run, and are healthy where they have a check (--wait).
base::Result<void> wait_until_up(const Project& project, const CommandLine& line,
                                 const std::vector<const Service*>& services);

}  // namespace steps::compose
