#pragma once
// Calls of AWS services: endpoint, signature, retries, and errors with AWS's own code and message. What the
// calls mean is the business of sts.h, ecr/ecr_client.h and ecs/.

#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include "aws/service.h"
#include "base/clock.h"
#include "base/http_client.h"
#include "base/json_fwd.h"
#include "base/result.h"

namespace aws {

struct ClientOptions {
  Environment environment;  ///< for endpoints, and for credentials and region when they are absent here
  std::optional<Credentials> credentials;
  std::string region;
  base::HttpClient* http = nullptr;
  base::Clock* clock = nullptr;  ///< the system's when absent
  std::stop_token stop;
  int attempts = 3;  ///< of each call, for throttling and passing faults
};

class Client {
 public:
  /// Borrows http and clock.
  explicit Client(ClientOptions options);

  /// JSON 1.1. An answer that is an error has AWS's code in Error::code and its message, unchanged, in
  /// Error::message.
  base::Result<base::Json> call(const Service& service, const std::string& operation,
                                const base::Json& input);
  /// Query: the content of <OperationResult>. Scalars of the answer are text.
  using Parameters = std::map<std::string, std::string>;
  base::Result<base::Json> query(const Service& service, const std::string& operation,
                                 const Parameters& parameters);
  /// Without a signature, for the calls that bring their own proof.
  base::Result<base::Json> query_unsigned(const Service& service, const std::string& operation,
                                          const Parameters& parameters);

  [[nodiscard]] const std::string& region() const { return options_.region; }
  [[nodiscard]] base::Clock& clock() const { return *options_.clock; }
  [[nodiscard]] const std::stop_token& stop() const { return options_.stop; }

 private:
  enum class Signing { yes, no };
  base::Result<base::HttpResponse> send(const Service& service, base::HttpRequest request, Signing signing);
  base::Result<base::HttpResponse> send_once(const Service& service, base::HttpRequest request,
                                             Signing signing);
  base::Result<base::Json> query(const Service& service, const std::string& operation,
                                 const Parameters& parameters, Signing signing);

  ClientOptions options_;
};

/// Region and credentials of the environment, checked at once.
base::Result<Client> client_from(ClientOptions options);

}  // namespace aws
