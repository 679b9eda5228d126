#pragma once
// `.pipeline.yml` at the root of a repository → what the project says of itself to the linter (its section
// `check`). Not for finding the file.

#include <string>
#include <string_view>

#include "workflow/diagnostic.h"
#include "workflow/lint/lint.h"

namespace workflow::lint {

inline constexpr const char* kConfigFile = ".pipeline.yml";

/// What could be understood; the rest is told with its place.
LintConfig read_lint_config(const std::string& path, std::string_view text, Diagnostics& problems);

}  // namespace workflow::lint
