#pragma once
// What is wrong with a text that is no YAML, for whoever wrote it: the library says what it missed, this says
// what was probably meant. Not for documents that could be read.

#include <optional>
#include <string>
#include <string_view>

#include "workflow/source_lines.h"

namespace workflow {

/// What to do about the library's `message` at `place`; empty when nobody knows.
std::string hint_of_yaml_problem(const SourceLines& lines, Place place, std::string_view message);

/// What to do about a tag that nobody knows: mostly it is a text that begins with '!'.
std::string hint_of_tag(std::string_view tag);

/// Where the text in quotes begins that has no end; `place` is where a scalar begins. The library takes all
/// that follows for such a text when the file ends with a line break.
std::optional<Place> find_open_quote(const SourceLines& lines, Place place);

}  // namespace workflow
