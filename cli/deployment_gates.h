#pragma once
// The `gates` of a deployment file.

#include "cli/yaml_fields.h"
#include "ecs/health_gate.h"

namespace cli {

base::Result<ecs::HealthGate> read_gates(const YamlFields& fields, const workflow::Node& node);

}  // namespace cli
