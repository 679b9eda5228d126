#pragma once
// The `gates` of a deployment file.

#include "ecs/health_gate.h"
#include "workflow/yaml_fields.h"

namespace cli {

base::Result<ecs::HealthGate> read_gates(const workflow::YamlFields& fields, const workflow::Node& node);

}  // namespace cli
