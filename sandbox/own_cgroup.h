#pragma once
// A process in control groups of its own: what its jobs use is not counted, limited or killed for the process
// that started it. Of version 1 the groups of memory and processes, of version 2 the one there is. Not for
// the limits of jobs, whose groups are made below these (cgroup).

#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace sandbox {

class OwnCgroup {
 public:
  /// Moves this process into groups named by its number and `role`, beside those of a process of ours that
  /// started it, else below where it is. Takes away what processes that are gone left there. An Error, with
  /// nothing changed, where no group can be made.
  static base::Result<OwnCgroup> enter(std::string_view role);
  OwnCgroup(OwnCgroup&&) noexcept = default;
  OwnCgroup& operator=(OwnCgroup&&) = delete;
  /// Goes back to where groups were made, as far as the kernel lets it, and removes them.
  ~OwnCgroup();

 private:
  OwnCgroup() = default;
  base::Result<void> enter_below(const base::Path& base, const std::string& name);

  struct Stay {
    base::Path base;
    base::Path group;
  };
  std::vector<Stay> stays_;
};

/// The score that the kernel adds when it looks for whom to kill for want of memory; lowering it needs
/// rights.
inline constexpr int kOomScoreOfSupervisors = -500;
inline constexpr int kOomScoreOfJobs = 500;

/// Raises it; leaves a higher one.
base::Result<void> raise_oom_score(pid_t pid, int score);

}  // namespace sandbox
