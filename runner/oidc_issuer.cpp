#include "runner/oidc_issuer.h"

#include <fmt/format.h>

#include <utility>

#include "base/clock.h"
#include "base/json.h"
#include "runner/json_answer.h"
#include "runner/oidc_keys.h"

namespace runner {

namespace {

constexpr auto kTokenLifetimeSeconds = 600;

/// GitHub's documentation writes the scheme in lower case for curl; schemes are without case (RFC 9110).
bool is_bearer(std::string_view authorization, std::string_view token) {
  constexpr std::string_view kScheme = "Bearer ";
  return base::equals_ignoring_case(authorization.substr(0, kScheme.size()), kScheme) &&
         base::equal_in_constant_time(authorization.substr(kScheme.size()), token);
}

}  // namespace

struct OidcIssuer::Job {
  std::string token;
  base::Json claims;
};

OidcIssuer::OidcIssuer() = default;
OidcIssuer::~OidcIssuer() = default;

base::Result<std::unique_ptr<OidcIssuer>> OidcIssuer::start(std::string issuer,
                                                            std::optional<base::RsaKey> key) {
  std::unique_ptr<OidcIssuer> self(new OidcIssuer());
  self->key_ = std::move(key);
  auto* raw = self.get();
  TRY(self->server_, base::HttpServer::start("127.0.0.1", 0, [raw](const base::ServerRequest& request) {
        return raw->answer(request);
      }));
  self->issuer_ =
      issuer.empty() ? fmt::format("http://127.0.0.1:{}", self->server_->port()) : std::move(issuer);
  return self;
}

std::string OidcIssuer::keys_url() const {
  return fmt::format("http://127.0.0.1:{}/.well-known/jwks", server_->port());
}

OidcIssuer::Grant OidcIssuer::add_job(const std::string& job, const base::Json& claims) {
  auto entry = std::make_unique<Job>();
  entry->token = base::random_hex(32);
  entry->claims = claims;
  Grant grant{.request_url =
                  fmt::format("http://127.0.0.1:{}/token?job={}", server_->port(), base::percent_encode(job)),
              .request_token = entry->token};
  const std::lock_guard lock(mutex_);
  jobs_[job] = std::move(entry);
  return grant;
}

void OidcIssuer::remove_job(const std::string& job) {
  const std::lock_guard lock(mutex_);
  jobs_.erase(job);
}

base::Result<void> OidcIssuer::ensure_key() {
  const std::lock_guard lock(mutex_);
  if (!key_) {
    TRY(key_, base::RsaKey::generate());
  }
  if (key_id_.empty()) key_id_ = thumbprint(*key_);
  return {};
}

base::Result<std::string> OidcIssuer::mint(const std::string& job, const std::string& audience) {
  TRY(ensure_key());
  const std::lock_guard lock(mutex_);
  const auto found = jobs_.find(job);
  if (found == jobs_.end()) {
    return base::make_error(base::ErrorKind::denied, fmt::format("job {} may not ask for an ID token", job));
  }
  const auto now = static_cast<std::int64_t>(base::to_epoch_seconds(base::system_clock().now()));
  base::Json claims = found->second->claims;
  claims["iss"] = issuer_;
  claims["aud"] = audience.empty()
                      ? "https://github.com/" + base::json_string(claims, "repository_owner", "local")
                      : audience;
  claims["jti"] = base::random_uuid();
  claims["iat"] = now;
  claims["nbf"] = now - 5;
  claims["exp"] = now + kTokenLifetimeSeconds;
  const base::Json header = {{"typ", "JWT"}, {"alg", "RS256"}, {"kid", key_id_}};
  const std::string signed_part =
      base::base64url_encode(base::to_text(header)) + "." + base::base64url_encode(base::to_text(claims));
  TRY(const auto signature, key_->sign_rs256(signed_part));
  return signed_part + "." + base::base64url_encode(signature);
}

base::ServerResponse OidcIssuer::answer(const base::ServerRequest& request) {
  if (request.path == "/token") return answer_token_request(request);
  if (request.path == "/.well-known/openid-configuration") {
    return json_answer(200, discovery_document(issuer_, keys_url()));
  }
  if (request.path == "/.well-known/jwks") {
    if (auto made = ensure_key(); !made) return json_answer(500, {{"message", made.error().message}});
    const std::lock_guard lock(mutex_);
    base::Json keys = base::Json::array();
    keys.push_back(public_key(*key_, key_id_));
    return json_answer(200, {{"keys", std::move(keys)}});
  }
  return json_answer(404, {{"message", "not found"}});
}

base::ServerResponse OidcIssuer::answer_token_request(const base::ServerRequest& request) {
  const auto job = request.query_value("job").value_or("");
  const auto authorization = base::header_value(request.headers, "Authorization").value_or("");
  {
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.find(job);
    if (found == jobs_.end() || !is_bearer(authorization, found->second->token)) {
      return json_answer(401, {{"message", "the request token is not valid for this job"}});
    }
  }
  auto token = mint(job, request.query_value("audience").value_or(""));
  if (!token) return json_answer(500, {{"message", token.error().message}});
  return json_answer(200, {{"value", *token}});
}

}  // namespace runner
