#pragma once
// Answers of Query services: XML as the JSON that the service's shapes describe. All scalars are text.

#include <string_view>

#include "base/json_fwd.h"
#include "base/result.h"

namespace aws {

/// The root element's content. <member> elements become an array; an empty element an empty text.
base::Result<base::Json> json_of_xml(std::string_view xml);

}  // namespace aws
