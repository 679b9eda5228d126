#pragma once
// Comments that switch rules off: `# pipeline-ignore: RULE[, RULE] [-- reason]` at the end of a line, on a
// line of its own above one, or above everything for the whole file. Not for GitHub's own errors.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "workflow/diagnostic.h"

namespace workflow::lint {

/// Ids of rules that say nothing, by line.
struct Suppressions {
  std::vector<std::string> everywhere;
  std::map<int, std::vector<std::string>> lines;
};

/// A comment that cannot be obeyed (an id that no rule has, or none at all) is told as a problem of its own.
Suppressions read_suppressions(const std::string& path, std::string_view text, Diagnostics& problems);

/// Takes out what the comments switch off in the file that they stand in.
void remove_suppressed(const Suppressions& suppressions, const std::string& path, Diagnostics& problems);

}  // namespace workflow::lint
