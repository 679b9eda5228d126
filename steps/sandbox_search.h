#pragma once
// The files that patterns take, as the toolkit's globber finds them, but in the job's sandbox and with its
// rights: in its home, too, which is no folder of ours. hash_files looks in the workspace only.

#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/sandbox.h"
#include "steps/running_job.h"

namespace steps {

struct SearchRequest {
  std::string patterns;          ///< lines
  bool below_matches = true;     ///< `implicitDescendants`: also what is below a folder that matches
  bool hidden = true;            ///< false leaves out names that begin with a dot, and what is below them
  sandbox::EnvVars environment;  ///< of the step: PATH for the programs, HOME for `~`
  std::stop_token stop;
};

struct FoundPath {
  std::string path;
  bool is_directory = false;
};

struct SearchResult {
  std::vector<FoundPath> paths;           ///< in the order of a walk, names by bytes
  std::vector<std::string> search_paths;  ///< where was looked
};

/// Links are followed; those that lead nowhere are left out, and so is what is not there.
base::Result<SearchResult> search_sandbox(RunningJob& job, const SearchRequest& request);

}  // namespace steps
