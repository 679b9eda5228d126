#pragma once
// `gates` as they are written, in a deployment file or an input of the deploy step. Not for watching them
// (ecs/health_gate).

#include "ecs/health_gate.h"
#include "workflow/yaml_fields.h"

namespace steps {

base::Result<ecs::HealthGate> read_gates(const workflow::YamlFields& fields, const workflow::Node& node);

}  // namespace steps
