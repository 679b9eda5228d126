#pragma once
// STS: web identities and roles → temporary credentials.

#include "base/clock.h"
#include "base/http_client.h"
#include "emulator/audit_log.h"
#include "emulator/faults.h"
#include "emulator/identity.h"
#include "emulator/service.h"

namespace emulator {

/// All must outlive the table.
struct StsSurroundings {
  Identity& identity;
  base::HttpClient& http;
  AuditLog& audit;
  base::Clock& clock;
  Faults& faults;
};
ServiceTable make_sts_service(const StsSurroundings& all);

}  // namespace emulator
