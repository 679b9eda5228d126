#include "server/api_answer.h"

#include <algorithm>

#include "base/strings.h"

namespace server {

namespace {

constexpr std::size_t kLargestRequest = 1U << 20;
constexpr std::int64_t kUsualPage = 50;
constexpr const char* kConflict = "conflict";

// A page of another origin can send forms and plain text here, but no JSON.
bool is_json(const base::ServerRequest& request) {
  const auto type = base::to_lower(base::header_value(request.headers, "Content-Type").value_or(""));
  return type == "application/json" || type.starts_with("application/json;");
}

}  // namespace

void add_answer(Routes& routes, std::string_view method, std::string_view path, ApiAnswer answer) {
  const bool changes = method == "POST";
  routes.add(method, path, changes ? Access::run : Access::read,
             [answer = std::move(answer), changes](const Call& call) {
               if (changes && !is_json(call.request))
                 return refusal(415, "expected the content type application/json");
               const auto result = answer(call);
               if (result) return json_answer(changes ? 202 : 200, *result);
               if (result.error().code == kConflict) return refusal(409, result.error().message);
               return refusal(result.error());
             });
}

std::int64_t number_in(const Call& call, std::string_view name, std::int64_t fallback) {
  return base::parse_integer(call.request.query_value(name).value_or("")).value_or(fallback);
}

int page_limit(const Call& call, int most) {
  return static_cast<int>(std::clamp<std::int64_t>(number_in(call, "limit", kUsualPage), 1, most));
}

std::string who_asks(const Call& call) {
  return call.caller.empty() ? "somebody" : call.caller;
}

base::Result<base::Json> json_body(const Call& call) {
  TRY(const auto text, call.request.body(kLargestRequest));
  if (base::trim(text).empty()) return base::Json::object();
  TRY(auto json, base::parse_json(text).while_doing("reading the request"));
  if (!json.is_object()) return base::invalid_input("expected the request to be a JSON object");
  return json;
}

base::Result<base::Json> decision_body(const Call& call) {
  TRY(auto body, json_body(call));
  if (!base::json_member(body, "approve").is_boolean())
    return base::invalid_input("expected `approve`, true or false");
  return body;
}

base::Error conflict(std::string message) {
  auto error = base::invalid_input(std::move(message));
  error.code = kConflict;
  return error;
}

}  // namespace server
