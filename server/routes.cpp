#include "server/routes.h"

#include <algorithm>

#include "base/crypto.h"
#include "base/json.h"
#include "base/strings.h"

namespace server {

namespace {

constexpr std::string_view kBearer = "Bearer ";

bool is_name(std::string_view segment) {
  return segment.starts_with('{') && segment.ends_with('}');
}

std::optional<decltype(Call::parts)> parts_of(const std::vector<std::string>& pattern,
                                              const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  decltype(Call::parts) parts;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (is_name(pattern[i])) {
      parts[pattern[i].substr(1, pattern[i].size() - 2)] = base::percent_decode(path[i]);
    } else if (pattern[i] != path[i]) {
      return std::nullopt;
    }
  }
  return parts;
}

// All tokens are compared, so that the time taken tells nothing of which.
const TokenConfig* token_of(const Config& config, const base::ServerRequest& request) {
  const auto header = base::header_value(request.headers, "Authorization").value_or("");
  if (!header.starts_with(kBearer)) return nullptr;
  const auto digest = base::sha256_hex(std::string_view(header).substr(kBearer.size()));
  const TokenConfig* found = nullptr;
  for (const auto& token : config.tokens) {
    if (base::equal_in_constant_time(token.digest, digest)) found = &token;
  }
  return found;
}

Scope scope_for(Access access) {
  if (access == Access::admin) return Scope::admin;
  return access == Access::run ? Scope::run : Scope::read;
}

}  // namespace

std::int64_t Call::number(std::string_view name) const {
  return base::parse_integer(part(name)).value_or(0);
}

void Routes::add(std::string_view method, std::string_view path, Access access, CallHandler handler) {
  routes_.push_back({std::string(method), base::split(path, '/'), access, std::move(handler)});
}

std::optional<base::ServerResponse> Routes::refuse(const Route& route, Call& call) const {
  const auto* token = token_of(config_, call.request);
  if (token != nullptr) call.caller = token->name;
  if (route.access == Access::anybody || (route.access == Access::read && config_.public_read))
    return std::nullopt;
  if (token == nullptr) {
    auto answer = refusal(401, "expected a token: Authorization: Bearer TOKEN");
    answer.headers.emplace("WWW-Authenticate", "Bearer");
    return answer;
  }
  if (token->scope < scope_for(route.access))
    return refusal(403, "the token '" + token->name + "' has not the scope for this");
  return std::nullopt;
}

base::ServerResponse Routes::answer(const base::ServerRequest& request) const {
  const std::string_view target = request.target;
  const auto path = base::split(target.substr(0, target.find('?')), '/');
  std::string allowed;
  for (const auto& route : routes_) {
    auto parts = parts_of(route.segments, path);
    if (!parts) continue;
    if (route.method != request.method && !(route.method == "GET" && request.method == "HEAD")) {
      allowed += (allowed.empty() ? "" : ", ") + route.method;
      continue;
    }
    Call call{request, std::move(*parts), ""};
    if (auto refused = refuse(route, call)) return *std::move(refused);
    return route.handler(call);
  }
  if (allowed.empty()) return refusal(404, "there is nothing at this path");
  auto answer = refusal(405, "expected the method " + allowed);
  answer.headers.emplace("Allow", allowed);
  return answer;
}

std::vector<std::string> Routes::list() const {
  std::vector<std::string> all;
  for (const auto& route : routes_) all.push_back(route.method + " " + base::join(route.segments, "/"));
  return all;
}

base::ServerResponse json_answer(int status, const base::Json& body) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
          .body = base::to_text(body) + "\n"};
}

base::ServerResponse refusal(int status, std::string_view message) {
  return json_answer(status, {{"error", {{"message", message}}}});
}

base::ServerResponse refusal(const base::Error& error) {
  using base::ErrorKind;
  switch (error.kind) {
    case ErrorKind::invalid_input:
      return refusal(400, error.message);
    case ErrorKind::not_found:
      return refusal(404, error.message);
    case ErrorKind::denied:
      return refusal(403, error.message);
    case ErrorKind::unavailable:
      return refusal(503, error.message);
    default:
      return refusal(500, error.message);
  }
}

}  // namespace server
