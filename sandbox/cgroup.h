#pragma once
// Control groups of a sandbox: memory, processes, CPU; version 1, 2 or both mounted side by side. Made only
// when the plan has limits: joining a version 1 group costs milliseconds.

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "sandbox/plan.h"

namespace sandbox {

class Cgroup {
 public:
  /// Groups below our own, named by the label. An Error names the controller that cannot be had.
  static base::Result<Cgroup> create(const std::string& label, const Limits& limits);
  Cgroup() = default;
  Cgroup(Cgroup&&) noexcept = default;
  Cgroup& operator=(Cgroup&& other) noexcept;
  ~Cgroup();

  base::Result<void> join(pid_t pid) const;
  /// How many processes of it the kernel has killed for want of memory.
  [[nodiscard]] std::int64_t out_of_memory_kills() const;

 private:
  void remove();
  std::vector<base::Path> folders_;
};

}  // namespace sandbox
