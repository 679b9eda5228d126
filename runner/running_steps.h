#pragma once
// The names of a job's steps that run just now: for what happens beside them and has to name one.

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

#include "base/strings.h"

namespace runner {

class RunningSteps {
 public:
  void started(const std::string& name) {
    const std::lock_guard lock(mutex_);
    names_.push_back(name);
  }
  void finished(const std::string& name) {
    const std::lock_guard lock(mutex_);
    if (const auto found = std::find(names_.begin(), names_.end(), name); found != names_.end())
      names_.erase(found);
  }
  /// Several when steps run beside each other: one of them it was.
  [[nodiscard]] std::string text() const {
    const std::lock_guard lock(mutex_);
    return base::join(names_, " | ");
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> names_;
};

}  // namespace runner
