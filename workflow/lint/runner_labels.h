#pragma once
// The labels that a job asks its runner for, those in the matrix too, and what they say of the system that it
// runs on. Not for finding a runner.

#include <string>
#include <string_view>
#include <vector>

#include "workflow/workflow.h"

namespace workflow::lint {

struct RunnerLabel {
  std::string text;
  int line = 0;
  int column = 0;
  int choice = 0;  ///< 0: always asked for; else the value of the matrix that it comes from
};

/// The labels of `runs-on` that can be read without a run; `${{ matrix.x }}` gives all values of x.
struct RunnerLabels {
  std::vector<RunnerLabel> labels;
  bool complete = true;  ///< no other expression stands among them
};
RunnerLabels runner_labels_of(const Job& job);

enum class OperatingSystem { unknown, linux, windows, macos };
/// Of one label; unknown for those that may be on any system.
OperatingSystem operating_system_of(std::string_view label);
/// Of all runners that the job may get; unknown when they differ. Containers are linux.
OperatingSystem operating_system_of(const Job& job);

}  // namespace workflow::lint
