#include "ecr/registry_auth.h"

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/strings.h"
#include "ecr/registry_errors.h"

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

std::string scope_for(const AuthRequest& request, const std::string& asked) {
  // A read's challenge would give a token that the next upload cannot use.
  switch (request.access) {
    case Access::pull:
      return asked.empty() ? "repository:" + request.target.repository + ":pull" : asked;
    case Access::push:
      return "repository:" + request.target.repository + ":pull,push";
    case Access::remove:
      break;
  }
  return "repository:" + request.target.repository + ":pull,push,delete";
}

base::HttpRequest token_request(const AuthChallenge& challenge, const AuthRequest& request,
                                const RegistryCredentials* login) {
  const auto value = [&](const char* name) {
    const auto found = challenge.values.find(name);
    return found == challenge.values.end() ? std::string() : found->second;
  };
  const std::string realm = value("realm");
  std::vector<std::string> fields;
  // Who only logs in asks for no repository.
  if (!request.target.repository.empty())
    fields.push_back("scope=" + base::percent_encode(scope_for(request, value("scope"))));
  if (const auto service = value("service"); !service.empty())
    fields.push_back("service=" + base::percent_encode(service));
  base::HttpRequest asked;
  asked.stop = request.options.stop;
  asked.tls = request.tls;
  asked.max_response_bytes = 1U << 20;
  if (login != nullptr && !login->identity_token.empty()) {
    // What `docker login` keeps for services that give identity tokens (distribution: token oauth2).
    asked.method = "POST";
    asked.url = realm;
    asked.headers.emplace("Content-Type", "application/x-www-form-urlencoded");
    fields.push_back("grant_type=refresh_token&client_id=pipeline&refresh_token=" +
                     base::percent_encode(login->identity_token));
    asked.body = base::join(fields, "&");
    return asked;
  }
  asked.url = realm;
  if (!fields.empty())
    asked.url += (realm.find('?') == std::string::npos ? "?" : "&") + base::join(fields, "&");
  if (login != nullptr) asked.headers.emplace("Authorization", basic(*login));
  return asked;
}

const RegistryCredentials* login_of(const AuthRequest& request) {
  const auto found = request.options.credentials.find(request.target.host);
  return found == request.options.credentials.end() ? nullptr : &found->second;
}

std::string login_advice(const RegistryCredentials* login, const std::string& host) {
  if (login == nullptr) return "; log in to the registry first (docker login)";
  return fmt::format("; the user name or the password for {} is wrong, or may not do this", host);
}

Result<std::string> fetch_token(const AuthChallenge& challenge, const AuthRequest& request) {
  const std::string& realm = challenge.values.at("realm");
  const auto* login = login_of(request);
  TRY(const auto response, request.options.http->send(token_request(challenge, request, login)));
  if (response.status != 200) {
    const auto kind = is_passing_status(response.status) ? ErrorKind::unavailable : ErrorKind::denied;
    const bool is_about_login = response.status == 401 || response.status == 403;
    return make_error(kind, fmt::format("the token service {} answered {} for {}{}", realm, response.status,
                                        request.target.name(),
                                        is_about_login ? login_advice(login, request.target.host) : ""));
  }
  TRY(const auto json, base::parse_json(response.body).while_doing("reading what " + realm + " answered"));
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

Result<std::string> answer_challenge(const AuthChallenge& challenge, const AuthRequest& request) {
  if (challenge.scheme == "basic") {
    const auto* login = login_of(request);
    if (login == nullptr) return std::string();
    const auto* settings = request.options.config.find(request.target.host);
    const bool allowed = request.options.endpoints.contains(request.target.host) ||
                         (settings != nullptr && settings->insecure);
    if (is_plain_http_elsewhere(request.registry) && !allowed) {
      return make_error(ErrorKind::denied,
                        request.registry + " asks for a password over plain http; it is not sent");
    }
    return basic(*login);
  }
  if (challenge.scheme != "bearer" || !challenge.values.contains("realm")) return std::string();
  const std::string& realm = challenge.values.at("realm");
  const bool is_url = realm.starts_with("https://") || realm.starts_with("http://");
  if (!is_url || (is_plain_http_elsewhere(realm) && request.registry.starts_with("https://"))) {
    return make_error(ErrorKind::denied,
                      fmt::format("{} names \"{}\" as its token service; no password is sent there",
                                  request.registry, realm));
  }
  return fetch_token(challenge, request).while_doing("asking for a token for " + request.target.name());
}

}  // namespace ecr
