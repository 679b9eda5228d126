#pragma once
// What FROM and COPY --from name that is no stage: an image of the store, one to be pulled, a named context
// of the caller.

#include <functional>
#include <string>

#include "base/result.h"
#include "ecr/build.h"
#include "ecr/build_stage.h"

namespace ecr {

/// For that platform; `say` takes a line for people.
base::Result<BuiltStage> find_base(const std::string& name, const Platform& platform,
                                   const BuildOptions& options, ImageStore& store,
                                   const std::function<void(const std::string&)>& say);

}  // namespace ecr
