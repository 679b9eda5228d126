#pragma once
// The verbs of `pipeline image` that only ask a registry: tags, referrers, delete.

#include "base/result.h"
#include "cli/command_line.h"
#include "ecr/registry.h"

namespace cli {

base::Result<void> ask_registry(const ecr::RegistryOptions& options, const ImageFlags& flags);

}  // namespace cli
