#pragma once
// `--mount` of docker run and create: `type=bind,source=…,target=…`, as -v and --tmpfs say it more briefly.

#include <string>

#include "base/result.h"
#include "steps/container_options.h"

namespace steps {

/// Adds a volume or a tmpfs to `options`. What would have to be ignored is an Error.
base::Result<void> add_mount_option(ContainerOptions& options, const std::string& text);

}  // namespace steps
