#pragma once
// Which file of the repository an annotation is about: paths as tools print them become paths from the
// repository's root (actions/runner OutputManager.ConvertToIssue, IssueCommandExtension). Not for reading
// annotations.

#include <string>

#include "steps/running_job.h"

namespace steps {

/// Of an ::error:: command: a path in the workspace becomes relative to it, any other stays.
std::string path_in_workspace(const RunningJob& job, const std::string& file);

/// Of a problem matcher: relative to the checked out repository; "" when there is no such file in it.
/// `from_path` is a file (a project) whose folder relative paths start from; it may be empty.
std::string path_in_repository(const RunningJob& job, const std::string& file, const std::string& from_path);

}  // namespace steps
