#include "emulator/web_identity.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/strings.h"
#include "emulator/api_failure.h"

namespace emulator {

namespace {

constexpr double kClockLeewaySeconds = 60;

ApiFailure invalid_token(std::string message) {
  return failure("InvalidIdentityToken", std::move(message));
}

base::Result<base::Json> decode_part(std::string_view part) {
  TRY(const auto text, base::base64url_decode(part));
  return base::parse_json(text);
}

bool is_for_us(const base::Json& audience, const IdentityProvider& provider) {
  const auto known = [&](const base::Json& value) {
    return value.is_string() && std::find(provider.client_ids.begin(), provider.client_ids.end(),
                                          value.get<std::string>()) != provider.client_ids.end();
  };
  return audience.is_array() ? std::any_of(audience.begin(), audience.end(), known) : known(audience);
}

// The key of that id from one JWKS document, and whether the signature is its.
bool signed_by(const std::string& keys_url, const std::string& key_id, std::string_view message,
               std::string_view signature, base::HttpClient& http) {
  const auto answer =
      http.send({.url = keys_url, .timeout = std::chrono::seconds(5), .max_response_bytes = 1U << 20});
  if (!answer || answer->status != 200) return false;
  const auto document = base::parse_json(answer->body);
  if (!document) return false;
  for (const auto& entry : base::json_member(*document, "keys")) {
    if (base::json_string(entry, "kid") != key_id || base::json_string(entry, "kty") != "RSA") continue;
    const auto key = base::RsaKey::from_jwk(base::json_string(entry, "n"), base::json_string(entry, "e"));
    if (key && key->verify_rs256(message, signature)) return true;
  }
  return false;
}

}  // namespace

std::variant<VerifiedToken, ApiFailure> verify_web_identity(const std::string& token, Identity& identity,
                                                            base::HttpClient& http, base::WallTime now) {
  const auto parts = base::split(token, '.');
  if (parts.size() != 3)
    return invalid_token(
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)");
  const auto header = decode_part(parts[0]);
  const auto claims = decode_part(parts[1]);
  const auto signature = base::base64url_decode(parts[2]);
  if (!header || !claims || !signature) return invalid_token("The ID Token provided is not a valid JWT.");
  // `none` and the symmetric algorithms would let anybody sign.
  if (base::json_string(*header, "alg") != "RS256")
    return invalid_token("The ID Token's algorithm is not supported: expected RS256.");
  const auto issuer = base::json_string(*claims, "iss");
  const auto provider = identity.find_provider(issuer);
  if (!provider)
    return invalid_token(fmt::format("No OpenIDConnect provider found in your account for {}", issuer));
  const auto message = token.substr(0, token.rfind('.'));
  const auto urls = identity.keys_of(issuer);
  const bool good = std::any_of(urls.begin(), urls.end(), [&](const std::string& url) {
    return signed_by(url, base::json_string(*header, "kid"), message, *signature, http);
  });
  if (!good)
    return invalid_token(
        "Couldn't retrieve verification key from your identity provider, please reference "
        "AssumeRoleWithWebIdentity documentation for requirements");
  const double seconds = base::to_epoch_seconds(now);
  if (base::json_number(*claims, "exp") < seconds)
    return failure("ExpiredTokenException",
                   "Token expired: current date/time must be before the expiration date/time");
  if (base::json_number(*claims, "nbf") > seconds + kClockLeewaySeconds ||
      base::json_number(*claims, "iat") > seconds + kClockLeewaySeconds) {
    return invalid_token("Token is not valid yet");
  }
  if (!is_for_us(base::json_member(*claims, "aud"), *provider))
    return invalid_token("Incorrect token audience");
  return VerifiedToken{*claims, *provider};
}

}  // namespace emulator
