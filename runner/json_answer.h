#pragma once
// What the services of a run answer over HTTP: JSON.

#include "base/http_server.h"
#include "base/json_fwd.h"

namespace runner {

base::ServerResponse json_answer(int status, const base::Json& body);

}  // namespace runner
