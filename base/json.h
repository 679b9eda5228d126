#pragma once
// JSON with the order of keys kept (GitHub's toJSON and task definitions need it). Headers include
// json_fwd.h.

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/json_fwd.h"
#include "base/result.h"

namespace base {

/// The error names line and column of the first fault. Deeper than 200 levels is an error.
Result<Json> parse_json(std::string_view text);

/// Member lookups for documents from outside: absent or of another type gives the fallback, never throws.
std::string json_string(const Json& object, std::string_view key, std::string fallback = "");
std::int64_t json_integer(const Json& object, std::string_view key, std::int64_t fallback = 0);
bool json_bool(const Json& object, std::string_view key, bool fallback = false);
double json_number(const Json& object, std::string_view key, double fallback = 0);
/// The member, or a null that outlives the call.
const Json& json_member(const Json& object, std::string_view key);
/// Invalid UTF-8 is replaced, so that no text can make it throw.
std::string to_text(const Json& value, int indent = -1);
/// Appends `text` as a JSON string, as to_text() would; for much text.
void append_json_text(std::string& json, std::string_view text);

}  // namespace base
