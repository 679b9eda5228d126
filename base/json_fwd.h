#pragma once
// The name of the JSON type, for headers. Whoever touches a value includes base/json.h.

#include <nlohmann/json_fwd.hpp>

namespace base {
using Json = nlohmann::ordered_json;
}
