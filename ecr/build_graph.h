#pragma once
// Which stages of a Dockerfile a target needs, read from the file alone. Pure; what triggers of a base image
// need beside that is found when they run.

#include <cstddef>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "ecr/dockerfile.h"

namespace ecr {

enum class StageNames {
  names,             ///< as FROM knows stages
  names_or_numbers,  ///< as COPY --from does
};
/// The newest stage before `limit` of that name.
std::optional<std::size_t> find_stage(const Dockerfile& file, const std::string& name, std::size_t limit,
                                      StageNames by);
/// Of that name or number; empty is the last one.
base::Result<std::size_t> find_target(const Dockerfile& file, const std::string& name);
/// The target and all that it is built from. `lookup` has the global variables.
std::set<std::size_t> needed_stages(const Dockerfile& file, std::size_t target, const VariableLookup& lookup);

/// The target and the stages whose layers it has, by FROM.
std::set<std::size_t> stages_below(const Dockerfile& file, std::size_t target, const VariableLookup& lookup);

}  // namespace ecr
