#pragma once
// GET /metrics: what the daemon counts, in Prometheus' text format.

#include <functional>

#include "server/event_feed.h"
#include "server/routes.h"
#include "server/workers.h"

namespace server {

base::Result<void> add_metrics(Routes& routes, const base::Path& state_folder, Workers& workers,
                               const EventFeed& feed);

}  // namespace server
