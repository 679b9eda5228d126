#pragma once
// One AWS call: build, sign, send, try again after passing faults, read the answer or the error. Not for what
// a service's operations mean (sts, ecr/ecr_client, ecs/*_client).

#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/retry.h"
#include "base/clock.h"
#include "base/http_client.h"
#include "base/json_fwd.h"
#include "base/result.h"

namespace aws {

struct ClientOptions {
  base::HttpClient* http = nullptr;  ///< must outlive the client
  base::Clock* clock = nullptr;      ///< the system's when absent
  std::string region;
  Environment environment;                      ///< endpoints, attempts, proxies, CA bundle
  std::optional<CredentialSource> credentials;  ///< absent: requests go out unsigned
  std::optional<int> attempts;                  ///< of each call; absent: the environment's, or three
  std::stop_token stop;
};

/// Copies share their retry quota and what they know of AWS's clock.
class Client {
 public:
  explicit Client(ClientOptions options);

  [[nodiscard]] const ClientOptions& options() const { return options_; }

  /// A call of the JSON 1.1 protocol; `target` is X-Amz-Target: "Prefix.Operation". AWS's errors are
  /// ErrorKind::remote (denied for 401 and 403, unavailable when the last attempt met a passing fault), their
  /// message as AWS wrote it and Error::code its code.
  base::Result<base::Json> call_json(const ServiceName& service, const std::string& target,
                                     const base::Json& input);
  /// The same for a call that changes something: it is not begun after a stop, but once it was sent its
  /// answer is waited for. Else nobody would know what goes on.
  base::Result<base::Json> change_json(const ServiceName& service, const std::string& target,
                                       const base::Json& input);
  /// A call of the Query protocol; gives what stands within <ActionResult>.
  base::Result<base::Json> call_query(const ServiceName& service, const std::string& version,
                                      const std::string& action,
                                      const std::map<std::string, std::string>& parameters);

 private:
  struct Shared;
  struct Answer;
  base::Result<std::string> send(const ServiceName& service, base::HttpRequest request);
  Answer send_once(const ServiceName& service, base::HttpRequest& request);
  bool may_go_on(const Answer& answer);

  ClientOptions options_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace aws
