#pragma once
// One service of a Compose file (compose-spec 05-services.md).

#include "base/result.h"
#include "steps/compose/node_reader.h"
#include "steps/compose/project.h"

namespace steps::compose {

/// What has no effect here goes to `notes`.
base::Result<Service> read_service(const NodeReader& reader, const workflow::Member& member,
                                   std::vector<std::string>& notes);

}  // namespace steps::compose
