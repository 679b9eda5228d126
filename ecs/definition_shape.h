#pragma once
// What RegisterTaskDefinition takes, as one table, and where a task definition is something else. ECS itself
// names no place ("STRING_VALUE cannot be converted to Integer") and passes over names that it does not know.
// Pure. Rules between members are definition_rules.h.

#include <string>
#include <vector>

#include "base/json_fwd.h"

namespace ecs {

struct DefinitionFault {
  std::string path;     ///< containerDefinitions[web].portMappings[0].containerPort
  std::string message;  ///< expected an integer, found a string
};

struct DefinitionFaults {
  std::vector<DefinitionFault> wrong;    ///< ECS refuses them
  std::vector<DefinitionFault> strange;  ///< nothing to stop for, but hardly meant
};

/// Members that are null count as absent. Values are not shown: secrets stand there all too often.
DefinitionFaults check_shape(const base::Json& definition);

/// `containerDefinitions[web]`, or `[0]` for want of a name.
std::string element_path(const std::string& list, const base::Json& element, std::size_t index);

}  // namespace ecs
