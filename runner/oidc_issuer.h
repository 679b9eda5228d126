#pragma once
// The runner's own OpenID Connect issuer: GitHub-shaped RS256 tokens, with discovery and keys served on
// loopback, and the token endpoint that actions call (ACTIONS_ID_TOKEN_REQUEST_URL).

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/crypto.h"
#include "base/http_server.h"
#include "base/json_fwd.h"
#include "base/result.h"

namespace runner {

class OidcIssuer {
 public:
  /// Serves on 127.0.0.1. `issuer` is the `iss` of the tokens; empty makes it this server's own address.
  /// Without a key it makes one of its own when it needs one.
  static base::Result<std::unique_ptr<OidcIssuer>> start(std::string issuer,
                                                         std::optional<base::RsaKey> key = std::nullopt);
  ~OidcIssuer();

  [[nodiscard]] const std::string& issuer() const { return issuer_; }
  [[nodiscard]] std::string keys_url() const;  ///< the JWKS document
  /// The server, for jobs that see another loopback.
  base::HttpServer& server() { return *server_; }

  /// Lets a job ask for tokens: `claims` are those of GitHub's token but iss, aud, jti, iat, nbf, exp.
  struct Grant {
    std::string request_url;    ///< holds a query string already, as clients append `&audience=`
    std::string request_token;  ///< the bearer token; secret
  };
  Grant add_job(const std::string& job, const base::Json& claims);
  void remove_job(const std::string& job);

  /// Valid for ten minutes. An empty audience is the claim repository_owner's URL, as GitHub has it.
  base::Result<std::string> mint(const std::string& job, const std::string& audience);

 private:
  struct Job;
  OidcIssuer();
  base::Result<void> ensure_key();
  base::ServerResponse answer(const base::ServerRequest& request);
  base::ServerResponse answer_token_request(const base::ServerRequest& request);

  std::string issuer_;
  std::mutex mutex_;
  std::optional<base::RsaKey> key_;  ///< given, or made at first need: it costs tens of milliseconds
  std::string key_id_;               ///< its thumbprint
  std::map<std::string, std::unique_ptr<Job>> jobs_;
  std::unique_ptr<base::HttpServer> server_;
};

}  // namespace runner
