#pragma once
// Whether programs of another platform run on this machine: the kernel then has an interpreter for them
// (binfmt_misc).

#include "base/result.h"
#include "ecr/image.h"

namespace ecr {

/// An Error says what is missing. An interpreter has to be registered with the flag F, which opens it once
/// for all: the root that a RUN sees does not hold it.
base::Result<void> check_programs_run(const Platform& platform);

}  // namespace ecr
