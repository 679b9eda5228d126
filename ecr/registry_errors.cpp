#include "ecr/registry_errors.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"

namespace ecr {

namespace {

using base::ErrorKind;

constexpr std::chrono::milliseconds kFirstWait{200};
constexpr std::chrono::milliseconds kLongestWait{20'000};
constexpr std::int64_t kLongestTold = 86'400;  // seconds; who asks decides what is too long

ErrorKind kind_of(int status) {
  if (status == 404) return ErrorKind::not_found;
  if (status == 401 || status == 403) return ErrorKind::denied;
  return is_passing_status(status) ? ErrorKind::unavailable : ErrorKind::remote;
}

std::string_view advice_for(int status, std::string_view code) {
  if (code == "NAME_UNKNOWN") return "; create the repository first";
  if (code == "TAG_INVALID") return "; use a new tag, or allow tags to be overwritten";
  if (status == 401)
    return "; log in to the registry first, or anew where the login is wrong or has ended (docker login, "
           "amazon-ecr-login)";
  if (status == 403) return "; these credentials may not do this";
  if (status == 405) return "; it may be one to read from only, such as a mirror";
  if (status == 413) return "; it, or a proxy before it, takes no layers of this size";
  if (status == 507) return "; it has no space left";
  return "";
}

/// For answers that hold no error of the distribution-spec. Their text may repeat what was sent, headers too.
std::string shown_type(const base::HttpResponse& response) {
  if (response.body.empty()) return "";
  return fmt::format(" with {} that is no registry's error",
                     base::header_value(response.headers, "Content-Type").value_or("a text"));
}

}  // namespace

base::Error registry_error(std::string_view doing, const base::HttpResponse& response) {
  std::string code = std::to_string(response.status);
  std::string message;
  if (const auto json = base::parse_json(response.body); json) {
    const auto& errors = base::json_member(*json, "errors");
    if (errors.is_array() && !errors.empty()) {
      code = base::json_string(errors[0], "code", code);
      message = fmt::format(" {} {}", code, base::json_string(errors[0], "message"));
    }
  }
  if (message.empty()) message = shown_type(response);
  auto error = base::make_error(kind_of(response.status),
                                fmt::format("{}: the registry answered {}{}{}", doing, response.status,
                                            message, advice_for(response.status, code)));
  error.code = std::move(code);
  return error;
}

bool is_passing_status(int status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

std::chrono::milliseconds time_before_retry(int attempt, const base::HttpResponse* response) {
  if (response != nullptr) {
    if (const auto after = base::header_value(response->headers, "Retry-After")) {
      if (const auto seconds = base::parse_integer(*after); seconds && *seconds >= 0) {
        return std::chrono::seconds(std::min<std::int64_t>(*seconds, kLongestTold));
      }
    }
  }
  return std::min(kFirstWait * (1 << std::min(attempt - 1, 10)), kLongestWait);
}

}  // namespace ecr
