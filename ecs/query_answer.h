#pragma once
// Members of answers of Query services, whose texts and lists are XML's. Not for JSON services.

#include <string_view>
#include <vector>

#include "base/json.h"

namespace ecs {

/// A list; it is "" in the answer when it is empty.
std::vector<base::Json> entries_of(const base::Json& answer, std::string_view key);
/// A whole number, which is text there.
int whole(const base::Json& object, std::string_view key, int fallback);

}  // namespace ecs
