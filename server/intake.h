#pragma once
// POST /hooks/{github,gitea,gitlab}: what is signed is kept and acknowledged, in this order. Everything else
// comes afterwards (triage).

#include "base/clock.h"
#include "base/http_server.h"
#include "server/config.h"
#include "server/delivery_inbox.h"

namespace server {

base::ServerResponse take_hook(Forge forge, const base::ServerRequest& request, const Config& config,
                               DeliveryInbox& inbox);

}  // namespace server
