#pragma once
// Control groups of a sandbox: memory, processes, CPU; version 1, 2 or both mounted side by side. Made only
// when the plan has limits: joining a version 1 group costs milliseconds.

#include <sys/types.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "sandbox/neighbour.h"
#include "sandbox/plan.h"

namespace sandbox {

class Cgroup {
 public:
  /// Groups below our own, named by our process and the label. An Error names the controller that cannot be
  /// had, and what gives it.
  static base::Result<Cgroup> create(const std::string& label, const Limits& limits);
  Cgroup() = default;
  Cgroup(Cgroup&&) noexcept = default;
  Cgroup& operator=(Cgroup&& other) noexcept;
  ~Cgroup();

  /// A group for some of this one's processes: all its limits, and a share of its memory. It goes first.
  base::Result<Cgroup> make_part(const std::string& label, const MemoryShare& share);

  base::Result<void> join(pid_t pid) const;
  /// How many processes of it the kernel has killed for want of memory.
  [[nodiscard]] std::int64_t out_of_memory_kills() const;
  /// How many times the kernel has refused it another process.
  [[nodiscard]] std::int64_t refused_processes() const;

 private:
  [[nodiscard]] std::int64_t count_in(std::initializer_list<const char*> files, std::string_view key) const;
  base::Result<void> make_room_for_parts(const base::Path& folder);
  void remove();
  std::vector<base::Path> folders_;  ///< made by us, the innermost first
  std::vector<base::Path> joined_;   ///< where its processes are, one for each hierarchy
  std::vector<base::Path> above_;    ///< of whom it is a part
};

/// Removes the groups of runners that were killed: nothing runs in them any more.
void remove_abandoned_cgroups();

/// Which of memory, pids and cpu limits can be had, and how; for reports on a machine.
struct CgroupSupport {
  std::string controller;
  int version = 0;      ///< 0: there is none for us
  std::string why_not;  ///< empty when it can be had
};
std::vector<CgroupSupport> cgroup_support();

}  // namespace sandbox
