#pragma once
// The daemon's page: files that are part of the program. Its script asks the API for everything else.

#include <optional>

#include "base/http_server.h"

namespace server {

/// The script, the style, or for any other address that people may have open the page itself. Nothing for
/// paths of the API, of hooks and of health checks, and for other methods than GET and HEAD.
std::optional<base::ServerResponse> page_answer(const base::ServerRequest& request);

}  // namespace server
