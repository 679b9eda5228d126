#pragma once
// One AWS call: build, sign, send, try again after passing faults, read the answer or the error. Not for what
// a service's operations mean (sts, ecr/ecr_client, ecs/*_client).

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "base/clock.h"
#include "base/http_client.h"
#include "base/json_fwd.h"
#include "base/result.h"

namespace aws {

struct ClientOptions {
  base::HttpClient* http = nullptr;  ///< must outlive the client
  base::Clock* clock = nullptr;      ///< the system's when absent
  std::string region;
  Environment environment;                 ///< for AWS_ENDPOINT_URL…
  std::optional<Credentials> credentials;  ///< absent: requests go out unsigned
  int attempts = 3;                        ///< of each call
  std::stop_token stop;
};

/// Whether the same call may go through a moment later: throttling, or a fault on AWS's side.
bool is_throttling(std::string_view code);

class Client {
 public:
  explicit Client(ClientOptions options);

  [[nodiscard]] const ClientOptions& options() const { return options_; }

  /// A call of the JSON 1.1 protocol; `target` is X-Amz-Target: "Prefix.Operation". AWS's errors are
  /// ErrorKind::remote (denied for 401 and 403, unavailable when the last attempt met a passing fault), their
  /// message as AWS wrote it and Error::code its code.
  base::Result<base::Json> call_json(const ServiceName& service, const std::string& target,
                                     const base::Json& input);
  /// A call of the Query protocol; gives what stands within <ActionResult>.
  base::Result<base::Json> call_query(const ServiceName& service, const std::string& version,
                                      const std::string& action,
                                      const std::map<std::string, std::string>& parameters);

 private:
  base::Result<std::string> send(const ServiceName& service, base::HttpRequest request);
  base::Result<std::string> send_once(const ServiceName& service, base::HttpRequest& request);

  ClientOptions options_;
};

}  // namespace aws
