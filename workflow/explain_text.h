#pragma once
// An explanation for people: a tree with ✓ (runs), ✗ (does not) and ? (only a run can tell).

#include <string>

#include "workflow/explain.h"

namespace workflow {

/// Several lines, each ended.
std::string explanation_text(const Explanation& explanation);

}  // namespace workflow
