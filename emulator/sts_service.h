#pragma once
// STS: web identities and roles → temporary credentials.

#include "base/clock.h"
#include "base/http_client.h"
#include "emulator/audit_log.h"
#include "emulator/identity.h"
#include "emulator/service.h"

namespace emulator {

/// All arguments must outlive the table.
ServiceTable make_sts_service(Identity& identity, base::HttpClient& http, AuditLog& audit,
                              base::Clock& clock);

}  // namespace emulator
