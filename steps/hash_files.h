#pragma once
// The function hashFiles over a job's workspace, byte for byte as the hosted runner computes it
// (actions/runner hashFiles.ts). Reads on the host, never outside the workspace.

#include <string>
#include <vector>

#include "base/result.h"
#include "steps/running_job.h"

namespace steps {

/// SHA-256 over the binary SHA-256 of each file that the patterns match, in the order in which they are
/// found: search paths as they are written, folders depth first, names by bytes. "" without a match. The
/// first argument may be `--follow-symbolic-links`. Links to files count as what they lead to; one that is
/// matched and leads nowhere or out of the workspace is an Error.
base::Result<std::string> hash_files(const JobFolders& folders, const std::vector<std::string>& arguments);

}  // namespace steps
