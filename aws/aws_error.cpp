#include "aws/aws_error.h"

#include <fmt/format.h>

#include "aws/xml.h"
#include "base/json.h"
#include "base/strings.h"

namespace aws {
namespace {

constexpr std::size_t kMostOfABody = 300;

struct CodeAndMessage {
  std::string code;
  std::string message;
};

/// "com.amazon.coral#X", "X:http://…" → "X".
std::string bare_code(std::string_view code) {
  if (const std::size_t hash = code.find('#'); hash != std::string_view::npos) code = code.substr(hash + 1);
  return std::string(base::trim(code.substr(0, code.find(':'))));
}

CodeAndMessage from_json(const base::Json& body) {
  std::string message = base::json_string(body, "message");
  if (message.empty()) message = base::json_string(body, "Message");
  std::string code = base::json_string(body, "__type");
  if (code.empty()) code = base::json_string(body, "code");
  return {bare_code(code), message};
}

/// <ErrorResponse><Error>…, or <Response><Errors><Error>… of older services.
CodeAndMessage from_xml(const base::Json& document) {
  if (document.empty()) return {};
  const base::Json& root = document.begin().value();
  const base::Json* error = &base::json_member(root, "Error");
  if (!error->is_object()) error = &base::json_member(base::json_member(root, "Errors"), "Error");
  return {bare_code(base::json_string(*error, "Code")), base::json_string(*error, "Message")};
}

base::ErrorKind kind_of(int status) {
  if (status == 401 || status == 403) return base::ErrorKind::denied;
  if (status == 404) return base::ErrorKind::not_found;
  if (status >= 500 || status == 429) return base::ErrorKind::unavailable;
  return base::ErrorKind::remote;
}

}  // namespace

base::Error read_aws_error(const base::HttpResponse& response) {
  CodeAndMessage found;
  const std::string_view body = base::trim(response.body);
  if (body.starts_with('{')) {
    if (auto json = base::parse_json(body)) found = from_json(*json);
  } else if (body.starts_with('<')) {
    if (auto xml = parse_xml(body)) found = from_xml(*xml);
  }
  if (found.code.empty()) {
    found.code = bare_code(base::header_value(response.headers, "x-amzn-ErrorType").value_or(""));
  }
  if (found.message.empty() && !found.code.empty()) found.message = found.code;
  if (found.message.empty()) {
    found.message = fmt::format("HTTP {} with a body that is no AWS error: {}", response.status,
                                body.empty() ? "(empty)" : body.substr(0, kMostOfABody));
  }
  base::Error error = base::make_error(kind_of(response.status), found.message);
  error.code = found.code;
  return error;
}

}  // namespace aws
