#pragma once
// The verbs of `pipeline image` that only ask a registry: tags, referrers, delete.

#include "base/result.h"
#include "cli/command_line.h"
#include "ecr/push.h"

namespace cli {

base::Result<void> ask_registry(const ecr::RegistryOptions& options, const ImageFlags& flags);

/// A push, in a line for people.
std::string to_text(const ecr::PushOutcome& pushed, const ecr::ImageReference& target);

}  // namespace cli
