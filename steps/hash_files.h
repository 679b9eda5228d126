#pragma once
// The function hashFiles over a job's workspace (actions/runner hashFiles.ts). Reads on the host, never
// outside the workspace.

#include <string>
#include <vector>

#include "base/result.h"
#include "steps/running_job.h"

namespace steps {

/// SHA-256 over the SHA-256 of each file that the patterns match, in the order of their paths; "" without a
/// match. A pattern with `!` takes files out again; one that names a folder means all in it.
base::Result<std::string> hash_files(const JobFolders& folders, const std::vector<std::string>& patterns);

}  // namespace steps
