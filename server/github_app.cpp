#include "server/github_app.h"

#include <fmt/format.h>

#include "base/json.h"

namespace server {

namespace {

// GitHub takes ten minutes at most, and its clock may be behind ours.
constexpr double kAppTokenLife = 540;
constexpr double kClockSkew = 60;
constexpr double kInstallationTokenLife = 3600;
constexpr double kLeftAtLeast = 600;
constexpr const char* kApiVersion = "2022-11-28";

const char* name_of(GithubRight right) {
  return right == GithubRight::checks ? "checks" : "deployments";
}

}  // namespace

base::Headers github_headers(const std::string& token) {
  return {{"Accept", "application/vnd.github+json"},
          {"Authorization", "Bearer " + token},
          {"Content-Type", "application/json"},
          {"User-Agent", "pipeline"},
          {"X-GitHub-Api-Version", kApiVersion}};
}

GithubApp::GithubApp(GithubAppOptions options, base::RsaKey key)
    : options_(std::move(options)), key_(std::move(key)) {
  while (options_.api.ends_with('/')) options_.api.pop_back();
}

double GithubApp::now() const {
  auto& clock = options_.clock == nullptr ? base::system_clock() : *options_.clock;
  return base::to_epoch_seconds(clock.now());
}

base::Result<std::string> GithubApp::app_token() {
  const auto at = static_cast<std::int64_t>(now());
  const base::Json header = {{"alg", "RS256"}, {"typ", "JWT"}};
  const base::Json claims = {{"iat", at - static_cast<std::int64_t>(kClockSkew)},
                             {"exp", at + static_cast<std::int64_t>(kAppTokenLife)},
                             {"iss", options_.client_id}};
  const auto signed_part =
      base::base64url_encode(base::to_text(header)) + "." + base::base64url_encode(base::to_text(claims));
  TRY(const auto signature, key_.sign_rs256(signed_part));
  return signed_part + "." + base::base64url_encode(signature);
}

base::Result<base::Json> GithubApp::ask(const std::string& method, const std::string& path,
                                        const std::string& body) {
  TRY(const auto token, app_token());
  TRY(const auto answer,
      options_.http->send(
          {.method = method, .url = options_.api + path, .headers = github_headers(token), .body = body}));
  const auto parsed = base::parse_json(answer.body);
  if (answer.status == 200 || answer.status == 201) return parsed;
  const bool refused = answer.status == 401 || answer.status == 403 || answer.status == 404;
  const bool passes = answer.status == 429 || answer.status >= 500;
  return base::make_error(
      refused ? base::ErrorKind::denied : (passes ? base::ErrorKind::unavailable : base::ErrorKind::remote),
      fmt::format("{} {} as the GitHub App {}: HTTP {}{}", method, path, options_.client_id, answer.status,
                  parsed ? ", " + base::json_string(*parsed, "message") : ""));
}

base::Result<GithubApp::Token> GithubApp::fetch_token(const std::string& repository, GithubRight right) {
  TRY(const auto installation, ask("GET", fmt::format("/repos/{}/installation", repository), ""));
  base::Json names = base::Json::array();
  names.push_back(repository.substr(repository.find('/') + 1));
  const base::Json wanted = {{"repositories", std::move(names)},
                             {"permissions", {{name_of(right), "write"}, {"metadata", "read"}}}};
  const auto asked_at = now();
  TRY(const auto answer,
      ask("POST", fmt::format("/app/installations/{}/access_tokens", base::json_integer(installation, "id")),
          base::to_text(wanted)));
  Token token{.text = base::json_string(answer, "token"), .until = asked_at + kInstallationTokenLife};
  if (token.text.empty())
    return base::make_error(base::ErrorKind::remote, "GitHub's answer holds no installation token");
  return token;
}

base::Result<std::string> GithubApp::token_for(const std::string& repository, GithubRight right) {
  // Held while it is fetched: who comes meanwhile takes the same one.
  const std::lock_guard lock(mutex_);
  auto& token = tokens_[{repository, right}];
  if (token.until - now() < kLeftAtLeast) {
    TRY(token, fetch_token(repository, right));
  }
  return token.text;
}

void GithubApp::forget_token(const std::string& repository, GithubRight right) {
  const std::lock_guard lock(mutex_);
  tokens_.erase({repository, right});
}

}  // namespace server
