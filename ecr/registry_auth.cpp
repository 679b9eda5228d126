#include "ecr/registry_auth.h"

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/strings.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Result;

bool is_plain_http_elsewhere(std::string_view url) {
  return url.starts_with("http://") && !url.starts_with("http://127.") &&
         !url.starts_with("http://localhost") && !url.starts_with("http://[::1]");
}

std::string basic(const RegistryCredentials& credentials) {
  return "Basic " + base::base64_encode(credentials.username + ":" + credentials.password);
}

Result<std::string> fetch_token(const AuthChallenge& challenge, const RegistryOptions& options,
                                const ImageReference& target) {
  const auto value = [&](const char* name) {
    const auto found = challenge.values.find(name);
    return found == challenge.values.end() ? std::string() : found->second;
  };
  const std::string realm = value("realm");
  std::string scope = value("scope");
  // A read's challenge would give a token that the next upload cannot use.
  const auto login = options.credentials.find(target.host);
  if (scope.empty() || login != options.credentials.end())
    scope = "repository:" + target.repository + ":pull,push";
  base::HttpRequest request;
  request.url =
      realm + (realm.find('?') == std::string::npos ? "?" : "&") + "scope=" + base::percent_encode(scope);
  if (const auto service = value("service"); !service.empty())
    request.url += "&service=" + base::percent_encode(service);
  if (login != options.credentials.end()) request.headers.emplace("Authorization", basic(login->second));
  request.stop = options.stop;
  request.max_response_bytes = 1U << 20;
  TRY(const auto response, options.http->send(request));
  if (response.status != 200) {
    return make_error(ErrorKind::denied, fmt::format("the token service {} answered {} for {}", realm,
                                                     response.status, target.name()));
  }
  TRY(const auto json, base::parse_json(response.body));
  std::string token = base::json_string(json, "token");
  if (token.empty()) token = base::json_string(json, "access_token");
  if (token.empty()) return make_error(ErrorKind::denied, "the token service " + realm + " gave no token");
  return "Bearer " + token;
}

}  // namespace

AuthChallenge parse_challenge(std::string_view header) {
  AuthChallenge challenge;
  const auto blank = header.find(' ');
  challenge.scheme = base::to_lower(header.substr(0, blank));
  std::size_t at = blank == std::string_view::npos ? header.size() : blank + 1;
  while (at < header.size()) {
    const auto equals = header.find('=', at);
    if (equals == std::string_view::npos) break;
    const std::string name = base::to_lower(base::trim(header.substr(at, equals - at)));
    at = equals + 1;
    std::string value;
    if (at < header.size() && header[at] == '"') {
      for (++at; at < header.size() && header[at] != '"'; ++at) {
        if (header[at] == '\\' && at + 1 < header.size()) ++at;
        value += header[at];
      }
      at = std::min(header.find(',', at), header.size());
    } else {
      const auto end = std::min(header.find(',', at), header.size());
      value = base::trim(header.substr(at, end - at));
      at = end;
    }
    challenge.values[name] = std::move(value);
    ++at;
  }
  return challenge;
}

Result<std::string> answer_challenge(const AuthChallenge& challenge, const RegistryOptions& options,
                                     const ImageReference& target, const std::string& registry) {
  const auto login = options.credentials.find(target.host);
  if (challenge.scheme == "basic") {
    if (login == options.credentials.end()) return std::string();
    const bool mapped = options.endpoints.contains(target.host);
    if (is_plain_http_elsewhere(registry) && !mapped) {
      return make_error(ErrorKind::denied, registry + " asks for a password over plain http; it is not sent");
    }
    return basic(login->second);
  }
  if (challenge.scheme != "bearer" || !challenge.values.contains("realm")) return std::string();
  const std::string& realm = challenge.values.at("realm");
  const bool is_url = realm.starts_with("https://") || realm.starts_with("http://");
  if (!is_url || (is_plain_http_elsewhere(realm) && registry.starts_with("https://"))) {
    return make_error(
        ErrorKind::denied,
        fmt::format("{} names \"{}\" as its token service; no password is sent there", registry, realm));
  }
  return fetch_token(challenge, options, target).while_doing("asking for a token for " + target.name());
}

}  // namespace ecr
