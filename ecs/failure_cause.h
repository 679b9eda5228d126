#pragma once
// What a stopped task died of, in words that can be compared, and what helps. Pure.

#include <string>

#include "ecs/ecs_client.h"

namespace ecs {

/// What a task's end looks like, without what differs from task to task: stop code, reason, exit codes.
std::string cause_of(const Task& task);
/// Whether every other task of the same definition will end like this one: an image that cannot be pulled,
/// secrets that cannot be read, a container that cannot be started.
bool is_hopeless(const Task& task);
/// Whether the deployment's own end stopped it, so that it tells nothing.
bool was_scaled_in(const Task& task);
/// What to do about a cause or a health report; empty when nothing is known.
std::string hint_for(const std::string& cause);

}  // namespace ecs
