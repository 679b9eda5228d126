#pragma once
// The steps of a job and those inside of `parallel`, in the order of the file.

#include <vector>

#include "workflow/workflow.h"

namespace workflow::lint {

template <typename Visit>
void every_step(const std::vector<Step>& steps, const Visit& visit) {
  for (const auto& step : steps) {
    visit(step);
    every_step(step.parallel, visit);
  }
}

}  // namespace workflow::lint
