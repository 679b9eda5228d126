#pragma once
// Runs, deliveries and workers as the API shows them (docs/openapi.yaml).

#include "base/json_fwd.h"
#include "server/attempt_queue.h"
#include "server/judge.h"

namespace server {

base::Json run_json(const Attempt& attempt);
/// Without its payload.
base::Json delivery_json(const Delivery& delivery);
/// Of a run that goes on under a lease of that length.
base::Json worker_json(const Attempt& attempt, double lease_seconds);

}  // namespace server
