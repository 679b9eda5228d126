#pragma once
// The live page at the emulator's address: static files only. What it shows it asks for under /_emulator/,
// with the owner's token, which stands behind the # of its address and so is sent to nobody.

#include <optional>

#include "base/http_server.h"

namespace emulator {

/// The answer to a GET of the page or one of its files; nothing for other requests.
std::optional<base::ServerResponse> answer_page(const base::ServerRequest& request);

}  // namespace emulator
