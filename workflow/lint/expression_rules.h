#pragma once
// All expressions of a file held against the types of what they use: the findings of the rules about
// expressions, found in one go. Not for what GitHub itself refuses (check_schema).

#include <string>
#include <string_view>

#include "workflow/lint/lint.h"

namespace workflow::lint {

/// Of a workflow; each finding has the id of its rule.
Diagnostics check_expressions(const std::string& path, std::string_view text, const Node& root,
                              const ProjectFiles& files, const LintConfig& config);
/// Of an action's metadata (action.yml), likewise.
Diagnostics check_action_expressions(const std::string& path, std::string_view text, const Node& root,
                                     const ProjectFiles& files, const LintConfig& config);

}  // namespace workflow::lint
