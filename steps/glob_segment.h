#pragma once
// One segment of a hashFiles pattern: how it is read (minimatch's parse and brace expressions) and matched.

#include <string>
#include <string_view>

#include "steps/glob_pattern.h"

namespace steps {

GlobSegment parse_glob_segment(std::string_view segment);
bool segment_matches(const GlobSegment& segment, std::string_view name);
/// The name that the segment stands for when it holds no pattern, else "" (Pattern.getLiteral).
std::string literal_of(std::string_view segment);

}  // namespace steps
