#pragma once
// POST /hooks/{github,gitea,gitlab}: what is signed is kept and acknowledged, in this order. Everything else
// comes afterwards (triage).

#include "base/clock.h"
#include "base/http_server.h"
#include "server/config.h"
#include "server/delivery_inbox.h"

namespace server {

/// Says in the log which secrets of hooks cannot be read: they are read at each delivery, so that they can be
/// replaced.
void look_at_hook_secrets(const Config& config);

base::ServerResponse take_hook(Forge forge, const base::ServerRequest& request, const Config& config,
                               DeliveryInbox& inbox);

}  // namespace server
