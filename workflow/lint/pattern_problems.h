#pragma once
// Whether a filter pattern of `on:` can match anything. Not for matching (event).

#include <string>
#include <string_view>
#include <vector>

namespace workflow::lint {

enum class PatternKind { ref, path, text };

/// What is wrong with a pattern, in its order; empty when nothing is. The pattern language is that of
/// docs.github.com workflow-syntax "Filter pattern cheat sheet"; what a ref may be is git-check-ref-format's.
std::vector<std::string> problems_of_pattern(std::string_view pattern, PatternKind kind);

}  // namespace workflow::lint
