#pragma once
// Text for XML. Not for reading XML nor for building documents.

#include <string>
#include <string_view>

namespace base {

/// The text as it may stand between tags and in quoted attributes; control characters that XML 1.0 cannot
/// hold are left out.
std::string xml_escaped(std::string_view text);

}  // namespace base
