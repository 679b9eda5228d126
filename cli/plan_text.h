#pragma once
// A plan for people: jobs in their order, what they wait for, and their steps. For programs there is
// workflow::to_json.

#include <string>

#include "workflow/plan.h"

namespace cli {

/// Several lines, each ended. Expressions stand as written, since nothing has run yet.
std::string plan_text(const workflow::Plan& plan);

}  // namespace cli
