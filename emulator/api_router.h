#pragma once
// From an HTTP request to the service and operation that it names, and back: protocols, signatures, regions.

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/http_server.h"
#include "emulator/audit_log.h"
#include "emulator/identity.h"
#include "emulator/service.h"

namespace emulator {

class ApiRouter {
 public:
  /// `identity`, `audit` and `clock` must outlive the router. The account's resources are all in `region`.
  ApiRouter(Identity& identity, AuditLog& audit, base::Clock& clock, std::string region)
      : identity_(identity), audit_(audit), clock_(clock), region_(std::move(region)) {}
  void add(ServiceTable service) { services_.push_back(std::move(service)); }
  base::ServerResponse answer(const base::ServerRequest& request) const;

 private:
  base::ServerResponse answer_json(const base::ServerRequest& request, const std::string& target,
                                   const std::string& body) const;
  base::ServerResponse answer_query(const base::ServerRequest& request, const std::string& body) const;
  base::ServerResponse perform(const base::ServerRequest& request, const std::string& body,
                               const ServiceTable& service, ApiCall call) const;

  Identity& identity_;
  AuditLog& audit_;
  base::Clock& clock_;
  std::string region_;
  std::vector<ServiceTable> services_;
};

}  // namespace emulator
