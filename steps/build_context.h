#pragma once
// The folder that a front sends as its build context. The builder reads it with the runner's rights, which
// may be more than the step's: so only what steps own is read in place, anything else is first copied with
// their rights.

#include <optional>

#include "base/fd.h"
#include "base/files.h"
#include "base/result.h"
#include "ecr/build.h"
#include "steps/running_job.h"

namespace steps {

struct BuildContext {
  base::Fd folder;
  std::optional<base::TempDir> copy;  ///< holds what `folder` refers to, when it is a copy
};
base::Result<BuildContext> admit_build_context(int folder, const RunningJob& job);
/// The folder as `name` of `options` for as long as what is returned lives.
base::Result<BuildContext> admit_named_context(const std::string& name, int folder, const RunningJob& job,
                                               ecr::BuildOptions& options);

}  // namespace steps
