#pragma once
// Twirp over JSON as GitHub's results service speaks it: fields of protobuf's JSON, errors by code.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_server.h"
#include "base/json_fwd.h"

namespace runner {

/// `code` is one of Twirp's: not_found, already_exists … (twitchtv/twirp docs, "Errors").
base::ServerResponse twirp_error(std::string_view code, const std::string& message);
/// An Error of ours as one of Twirp's.
base::ServerResponse twirp_error(const base::Error& error);

/// A text, also one that is wrapped (StringValue); "" when absent.
std::string text_field(const base::Json& message, std::string_view name);
/// A 64-bit number, which protobuf's JSON writes as a text.
std::optional<std::int64_t> number_field(const base::Json& message, std::string_view name);
std::vector<std::string> texts_field(const base::Json& message, std::string_view name);
/// Epoch seconds of a google.protobuf.Timestamp; 0 when absent or unreadable.
double time_field(const base::Json& message, std::string_view name);

}  // namespace runner
