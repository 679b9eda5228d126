#include "aws/sso_credentials.h"

#include <fmt/format.h>

#include "aws/aws_error.h"
#include "aws/proxy.h"
#include "aws/time_text.h"
#include "base/crypto.h"
#include "base/json.h"
#include "base/strings.h"

namespace aws {
namespace {

struct SsoLogin {
  std::string cache_key;  ///< what names the cached token
  std::string region;
};

base::Result<SsoLogin> login_of(const SharedConfig& config, const Settings& profile) {
  const auto session = variable_of(profile, "sso_session");
  if (session.empty())
    return SsoLogin{variable_of(profile, "sso_start_url"), variable_of(profile, "sso_region")};
  const auto found = config.sso_sessions.find(session);
  if (found == config.sso_sessions.end()) {
    return base::invalid_input(fmt::format(
        "the profile names the SSO session '{0}', and no section [sso-session {0}] is there", session));
  }
  return SsoLogin{session, variable_of(found->second, "sso_region")};
}

base::Result<std::string> cached_token(const CredentialPlaces& places, const std::string& cache_key) {
  const auto path = fmt::format("{}/.aws/sso/cache/{}.json", variable_of(places.client.environment, "HOME"),
                                base::sha1_hex(cache_key));
  const auto expired = [&](std::string_view what) {
    return base::make_error(
        base::ErrorKind::denied,
        fmt::format("{} for the SSO login '{}': run `aws sso login` with this profile", what, cache_key));
  };
  const auto text = places.read_file(path);
  if (!text) return expired("there is no cached token");
  const auto document = base::parse_json(*text);
  const auto token = document ? base::json_string(*document, "accessToken") : "";
  const auto expires = document ? read_iso8601(base::json_string(*document, "expiresAt")) : std::nullopt;
  if (token.empty() || !expires) return expired("the cached token cannot be read");
  base::Clock& clock = places.client.clock == nullptr ? base::system_clock() : *places.client.clock;
  if (*expires <= clock.now()) return expired("the cached token has expired");
  return token;
}

}  // namespace

base::Result<Credentials> sso_credentials(const CredentialPlaces& places, const SharedConfig& config,
                                          const Settings& profile) {
  TRY(const auto login, login_of(config, profile));
  TRY(const auto token, cached_token(places, login.cache_key));
  TRY(const auto endpoint, endpoint_of(kSso, login.region, places.client.environment));
  base::HttpRequest request;
  request.url = fmt::format("{}/federation/credentials?role_name={}&account_id={}", endpoint,
                            base::percent_encode(variable_of(profile, "sso_role_name")),
                            base::percent_encode(variable_of(profile, "sso_account_id")));
  request.headers.emplace("x-amz-sso_bearer_token", token);
  request.stop = places.client.stop;
  request.proxy = proxy_for(request.url, places.client.environment);
  TRY(const auto response, places.client.http->send(request).while_doing("asking SSO for credentials"));
  if (response.status != 200) return read_aws_error(response).while_doing("asking SSO for credentials");
  TRY(const auto document, base::parse_json(response.body).while_doing("reading SSO's answer"));
  const auto& keys = base::json_member(document, "roleCredentials");
  Credentials credentials{base::json_string(keys, "accessKeyId"),
                          base::json_string(keys, "secretAccessKey"),
                          base::json_string(keys, "sessionToken"),
                          {}};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty())
    return base::make_error(base::ErrorKind::remote, "SSO answered without roleCredentials");
  if (const double expires = base::json_number(keys, "expiration"); expires > 0)
    credentials.expires = base::from_epoch_seconds(expires / 1000);
  return credentials;
}

}  // namespace aws
