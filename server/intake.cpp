#include "server/intake.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/log.h"
#include "base/strings.h"
#include "server/routes.h"

namespace server {

namespace {

std::vector<std::string> secrets_of(Forge forge, const Config& config) {
  std::vector<std::string> secrets;
  const auto found = config.hook_secrets.find(forge);
  if (found == config.hook_secrets.end()) return secrets;
  for (const auto& source : found->second) {
    if (auto secret = read_secret(source)) {
      secrets.push_back(*std::move(secret));
    } else {
      base::log(base::LogLevel::error,
                fmt::format("hooks of {}: {}", to_string(forge), secret.error().to_string()));
    }
  }
  return secrets;
}

bool announces_too_much(const base::ServerRequest& request) {
  const auto length = base::parse_integer(base::header_value(request.headers, "Content-Length").value_or(""));
  return length && *length > static_cast<std::int64_t>(kLargestHook);
}

base::ServerResponse too_large() {
  return refusal(413, fmt::format("a payload may have {} bytes", kLargestHook));
}

}  // namespace

void look_at_hook_secrets(const Config& config) {
  for (const auto& [forge, sources] : config.hook_secrets) (void)secrets_of(forge, config);
}

base::ServerResponse take_hook(Forge forge, const base::ServerRequest& request, const Config& config,
                               DeliveryInbox& inbox) {
  if (announces_too_much(request)) return too_large();
  std::string body;
  const auto read = request.read_body([&](std::string_view piece) {
    body += piece;
    return body.size() <= kLargestHook;
  });
  if (body.size() > kLargestHook) return too_large();
  if (!read) return refusal(400, read.error().message);
  const auto now = base::system_clock().now();
  if (!is_signed(forge, request.headers, body, secrets_of(forge, config), now))
    return refusal(401, "no secret of this server signed this delivery");
  if (!is_hook_type(request.headers))
    return refusal(415, "expected the content type application/json or application/x-www-form-urlencoded");
  const auto hook = read_hook(forge, request.headers, body);
  if (!hook) return refusal(400, hook.error().message);
  const auto kept = inbox.keep(to_string(forge), *hook, base::to_epoch_seconds(now));
  if (!kept) {
    base::log(base::LogLevel::error, kept.error().to_string());
    return refusal(503, "the delivery could not be kept; send it again");
  }
  return json_answer(kept->is_new ? 202 : 200, {{"delivery", kept->id}, {"duplicate", !kept->is_new}});
}

}  // namespace server
