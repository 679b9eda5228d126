#pragma once
// The XML that AWS's Query services answer with, as JSON: elements become members, lists of <member> become
// arrays, all else is text. Not a general XML reader: no attributes, no namespaces, no entities of one's own.

#include <string_view>

#include "base/json_fwd.h"
#include "base/result.h"

namespace aws {

/// `{"Root": …}`. An element without content is ""; one that repeats becomes an array. A document type
/// declaration, more than 60 levels, or damage is an error that names the byte.
base::Result<base::Json> parse_xml(std::string_view text);

}  // namespace aws
