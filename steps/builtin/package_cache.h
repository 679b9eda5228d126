#pragma once
// The `cache` input of the setup built-ins: a package manager's folder is restored by a key made of the files
// that name its dependencies, and saved after the job. Not for actions/cache itself (cache).

#include <string>
#include <vector>

#include "steps/builtin_actions.h"

namespace steps::builtin {

struct PackageCache {
  std::string manager;                    ///< as messages name it: pip
  std::vector<std::string> paths;         ///< as actions/cache takes them
  std::vector<std::string> dependencies;  ///< patterns of files below the workspace; those of
                                          ///< `dependency_input` come in their place
  std::string key;                        ///< what stands before the hash of those files
  bool restore_by_prefix = false;         ///< takes an older entry, too
};

/// Sets the outputs cache-hit and cache-primary-key and the post step. What goes wrong with a cache is a
/// warning, as in the originals.
void use_package_cache(PackageCache cache, const ActionCall& call, RunningJob& job, ActionOutcome& outcome);

/// `Linux-x64`, as keys begin.
std::string platform_of_keys(const ActionCall& call);
/// A path below the home folder of steps.
std::string in_home(const ActionCall& call, std::string_view path);

}  // namespace steps::builtin
