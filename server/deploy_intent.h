#pragma once
// Whether a job deploys, as far as it can be seen before it runs: what is begun then is not begun again by a
// program. Pure.

#include <optional>
#include <string>

#include "workflow/workflow.h"

namespace server {

/// What it deploys, in a few words: it names an environment, or a step uses an action that deploys.
std::optional<std::string> deployment_of(const workflow::Job& job);

}  // namespace server
