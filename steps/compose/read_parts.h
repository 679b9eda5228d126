#pragma once
// Parts of a service that have forms of their own: how it is built, what is mounted in it.

#include "base/result.h"
#include "steps/compose/node_reader.h"
#include "steps/compose/project.h"

namespace steps::compose {

base::Result<Build> read_build(const NodeReader& reader, const workflow::Node& node,
                               const std::string& service);
base::Result<Volume> read_volume(const NodeReader& reader, const workflow::Node& node,
                                 const std::string& service);

}  // namespace steps::compose
