#pragma once
// Caches as actions make and take them: a tar of paths, compressed by zstd, byte for byte what the toolkit's
// own saves and restores (packages/cache tar.ts, cacheUtils.ts). tar runs in the job's sandbox.

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/sandbox.h"
#include "steps/running_job.h"

namespace steps {

struct CacheRequest {
  std::vector<std::string> paths;  ///< as written: patterns, in their order
  std::string key;
  std::vector<std::string> restore_keys;
  bool lookup_only = false;
  sandbox::EnvVars environment;  ///< of the step
  std::stop_token stop;
};

/// Tells apart what is at other paths (cacheUtils.ts getCacheVersion).
std::string cache_version(const std::vector<std::string>& paths);

/// The key of the entry that was found, and restored unless it was only looked up. invalid_input is a wrong
/// request; whatever else goes wrong is a warning in the log, and nothing was found.
base::Result<std::optional<std::string>> restore_cache(const CacheRequest& request, RunningJob& job);

/// Whether it was saved. invalid_input is a wrong request or no file at the paths; whatever else goes wrong
/// is said in the log.
base::Result<bool> save_cache(const CacheRequest& request, RunningJob& job);

/// The lines of an input (actions/cache actionUtils.ts getInputAsArray).
std::vector<std::string> lines_of_input(const std::string& text);

}  // namespace steps
