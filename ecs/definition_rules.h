#pragma once
// What members of a task definition ask of each other: sizes that Fargate has, names that have to be there,
// limits. ECS tells the first that does not hold, here all of them are found. Pure.

#include "base/json_fwd.h"
#include "ecs/definition_shape.h"

namespace ecs {

/// What ECS would refuse, or no task could ever be started with. Members of a wrong type are passed over.
DefinitionFaults check_rules(const base::Json& definition);

}  // namespace ecs
