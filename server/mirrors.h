#pragma once
// A bare mirror of each repository, brought up to date when an event tells of something that it lacks. The
// credential is read from where the configuration says each time, and is kept nowhere.

#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "base/git_mirror.h"
#include "server/config.h"

namespace server {

class Mirrors {
 public:
  explicit Mirrors(const base::Path& state_folder) : folder_(state_folder / "mirrors") {}
  /// mirrors/owner/name.git, in lower case
  [[nodiscard]] base::Path path_of(const RepositoryConfig& repository) const;
  /// Branches, tags and those references.
  base::Result<void> update(const RepositoryConfig& repository, const std::vector<std::string>& references,
                            const std::stop_token& stop);

 private:
  base::Path folder_;
  std::mutex mutex_;  ///< one fetch at a time: two into one mirror would hinder each other
};

}  // namespace server
