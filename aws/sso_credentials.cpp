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

base::Clock& clock_of(const CredentialPlaces& places) {
  return places.client.clock == nullptr ? base::system_clock() : *places.client.clock;
}

// A token that ends this soon is renewed, as AWS's SDKs do.
constexpr std::chrono::minutes kRenewLoginBefore{15};

struct SsoLogin {
  std::string cache_key;  ///< what names the cached token
  std::string region;
  bool renews = false;  ///< only logins of an [sso-session] have what that takes
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
  return SsoLogin{session, variable_of(found->second, "sso_region"), true};
}

std::optional<base::WallTime> time_in(const base::Json& token, std::string_view key) {
  return read_iso8601(base::json_string(token, key));
}

/// The cached token with what CreateToken made of its refresh token.
base::Result<base::Json> renew_token(const CredentialPlaces& places, const std::string& region,
                                     base::Json token) {
  base::Json asked = {{"grantType", "refresh_token"}};
  for (const char* key : {"clientId", "clientSecret", "refreshToken"}) {
    const auto value = base::json_string(token, key);
    if (value.empty()) return base::make_error(base::ErrorKind::denied, "it holds nothing to renew it by");
    asked[key] = value;
  }
  base::Clock& clock = clock_of(places);
  if (const auto end = time_in(token, "registrationExpiresAt"); !end || *end <= clock.now())
    return base::make_error(base::ErrorKind::denied, "the registration of its client has expired");
  TRY(const auto endpoint, endpoint_of(kSsoOidc, region, places.client.environment));
  base::HttpRequest request;
  request.method = "POST";
  request.url = endpoint + "/token";
  request.headers.emplace("Content-Type", "application/json");
  request.body = base::to_text(asked);
  request.stop = places.client.stop;
  request.proxy = proxy_for(request.url, places.client.environment);
  TRY(const auto response, places.client.http->send(request).while_doing("renewing the SSO login"));
  if (response.status != 200) return read_aws_error(response).while_doing("renewing the SSO login");
  TRY(const auto answer, base::parse_json(response.body).while_doing("reading the renewed SSO login"));
  const auto access = base::json_string(answer, "accessToken");
  const auto seconds = base::json_integer(answer, "expiresIn");
  if (access.empty() || seconds <= 0)
    return base::make_error(base::ErrorKind::remote, "SSO answered CreateToken without a token");
  token["accessToken"] = access;
  token["expiresAt"] = base::format_iso8601(clock.now() + std::chrono::seconds(seconds));
  if (const auto next = base::json_string(answer, "refreshToken"); !next.empty())
    token["refreshToken"] = next;
  return token;
}

base::Result<std::string> cached_token(const CredentialPlaces& places, const SsoLogin& login) {
  const auto path = fmt::format("{}/.aws/sso/cache/{}.json", variable_of(places.client.environment, "HOME"),
                                base::sha1_hex(login.cache_key));
  const auto expired = [&](std::string_view what) {
    return base::make_error(base::ErrorKind::denied,
                            fmt::format("{} for the SSO login '{}': run `aws sso login` with this profile",
                                        what, login.cache_key));
  };
  const auto text = places.read_file(path);
  if (!text) return expired("there is no cached token");
  const auto document = base::parse_json(*text);
  const auto token = document ? base::json_string(*document, "accessToken") : "";
  const auto expires = document ? time_in(*document, "expiresAt") : std::nullopt;
  if (token.empty() || !expires) return expired("the cached token cannot be read");
  const auto now = clock_of(places).now();
  std::string why;
  if (login.renews && *expires <= now + kRenewLoginBefore) {
    const auto renewed = renew_token(places, login.region, *document);
    if (!renewed && renewed.error().kind == base::ErrorKind::cancelled) return renewed.error();
    if (!renewed) why = fmt::format(" and was not renewed ({})", renewed.error().to_string());
    if (renewed && places.write_file) {
      TRY(places.write_file(path, base::to_text(*renewed)).while_doing("keeping the renewed SSO login"));
    }
    if (renewed) return base::json_string(*renewed, "accessToken");
  }
  if (*expires <= now) return expired("the cached token has expired" + why);
  return token;
}

}  // namespace

base::Result<Credentials> sso_credentials(const CredentialPlaces& places, const SharedConfig& config,
                                          const Settings& profile) {
  TRY(const auto login, login_of(config, profile));
  TRY(const auto token, cached_token(places, login));
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
