#pragma once
// From an HTTP request to the service and operation that it names, and back: protocols, signatures, regions.

#include <functional>
#include <optional>
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
  /// Asked before each operation that is there, once its signature holds: what it answers is the answer.
  using Guard = std::function<std::optional<ApiFailure>(const ServiceTable& service, const ApiCall& call)>;
  void add_guard(Guard guard) { guards_.push_back(std::move(guard)); }
  base::ServerResponse answer(const base::ServerRequest& request) const;
  /// {services: [{name, protocols, operations}]}, for whoever tests against AWS's models.
  [[nodiscard]] base::Json offered() const;

 private:
  struct Received {
    const base::ServerRequest& request;
    std::string bytes;  ///< as they were sent and signed
    std::string body;   ///< unzipped, when they were
  };
  base::ServerResponse answer_json(const Received& received, const std::string& target) const;
  base::ServerResponse answer_cbor(const Received& received) const;
  base::ServerResponse answer_query(const Received& received) const;
  base::ServerResponse perform(const Received& received, const ServiceTable& service, ApiCall call) const;

  Identity& identity_;
  AuditLog& audit_;
  base::Clock& clock_;
  std::string region_;
  std::vector<ServiceTable> services_;
  std::vector<Guard> guards_;
};

}  // namespace emulator
