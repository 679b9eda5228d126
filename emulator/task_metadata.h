#pragma once
// A task as ECS's agent shows it to the task itself: the task metadata endpoint, version 4. Pure.

#include <optional>
#include <string>

#include "emulator/ecs_state.h"

namespace emulator {

/// Of the task, or of its container when one is named; nothing when there is none. The state's lock is held.
std::optional<base::Json> task_metadata(EcsState& state, const std::string& task_id,
                                        const std::string& container);
/// The task role of a task that has not stopped; nothing without one. The state's lock is held.
std::optional<std::string> role_of_task(EcsState& state, const std::string& task_id);

}  // namespace emulator
