#pragma once
// GitHub's filter patterns of `on:`: branches, tags, paths and their -ignore forms. Not for shell globs
// (base/glob) nor for hashFiles (steps/hash_files), whose rules differ.

#include <string>
#include <string_view>
#include <vector>

namespace workflow {

/// One pattern without its `!` over the whole text, case counts: `*` stops at '/', `**` does not, `?` and `+`
/// repeat the character before, `[]` is a class, a backslash takes the next character as it is (docs "Filter
/// pattern cheat sheet").
bool filter_pattern_matches(std::string_view pattern, std::string_view text);
/// Positive and `!` patterns in order; the last that matches decides. Only negative ones match nothing.
bool filter_matches(const std::vector<std::string>& patterns, std::string_view text);
/// `branches` with `branches-ignore`, or tags, or paths: of the two at most one is given; neither lets all
/// through.
bool passes_filter(const std::vector<std::string>& wanted, const std::vector<std::string>& ignored,
                   std::string_view text);

}  // namespace workflow
