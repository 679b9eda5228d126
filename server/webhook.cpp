#include "server/webhook.h"

#include <fmt/format.h>

#include <cmath>

#include "base/crypto.h"
#include "base/http_server.h"
#include "base/json.h"
#include "base/strings.h"
#include "server/forge_words.h"

namespace server {

namespace {

using base::header_value;

// Standard Webhooks: what is older, or from the future, is a replay.
constexpr double kSignatureSeconds = 300;
constexpr std::size_t kLongestGuid = 200;
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kForm = "application/x-www-form-urlencoded";

std::string hex_mac(std::string_view secret, std::string_view body) {
  return base::to_hex(base::as_text(base::hmac_sha256(secret, body)));
}

std::string first_header(const base::Headers& headers, std::initializer_list<const char*> names) {
  for (const auto* name : names) {
    if (auto value = header_value(headers, name)) return *std::move(value);
  }
  return "";
}

/// The hex of an HMAC-SHA256 over the body, wherever the forge puts it.
std::string signature_of(Forge forge, const base::Headers& headers) {
  if (forge == Forge::gitea) {
    auto own = first_header(headers, {"X-Forgejo-Signature", "X-Gitea-Signature"});
    if (!own.empty()) return own;
  }
  const auto signature = first_header(headers, {"X-Hub-Signature-256"});
  constexpr std::string_view kPrefix = "sha256=";
  return signature.starts_with(kPrefix) ? signature.substr(kPrefix.size()) : "";
}

bool is_signed_by_standard_webhooks(const base::Headers& headers, std::string_view body,
                                    const std::string& secret, base::WallTime now) {
  const auto time = first_header(headers, {"webhook-timestamp"});
  const auto seconds = base::parse_integer(time);
  if (!seconds || std::abs(static_cast<double>(*seconds) - base::to_epoch_seconds(now)) > kSignatureSeconds)
    return false;
  constexpr std::string_view kKeyPrefix = "whsec_";
  const auto key = secret.starts_with(kKeyPrefix)
                       ? base::base64_decode(std::string_view(secret).substr(kKeyPrefix.size())).value_or("")
                       : secret;
  const auto message = fmt::format("{}.{}.{}", first_header(headers, {"webhook-id"}), time, body);
  const auto wanted = "v1," + base::base64_encode(base::as_text(base::hmac_sha256(key, message)));
  bool found = false;
  for (const auto& given : base::split(first_header(headers, {"webhook-signature"}), ' '))
    found = base::equal_in_constant_time(given, wanted) || found;
  return found;
}

bool is_signed_by(Forge forge, const base::Headers& headers, std::string_view body, const std::string& secret,
                  base::WallTime now) {
  if (secret.empty()) return false;
  if (forge != Forge::gitlab)
    return base::equal_in_constant_time(signature_of(forge, headers), hex_mac(secret, body));
  if (header_value(headers, "webhook-signature"))
    return is_signed_by_standard_webhooks(headers, body, secret, now);
  // Digests, so that the comparison does not tell the length either.
  return base::equal_in_constant_time(base::sha256_hex(first_header(headers, {"X-Gitlab-Token"})),
                                      base::sha256_hex(secret));
}

std::string media_type(const base::Headers& headers) {
  const auto type = base::to_lower(first_header(headers, {"Content-Type"}));
  return std::string(base::trim(std::string_view(type).substr(0, type.find(';'))));
}

/// A form has the JSON in its field `payload`.
base::Result<std::string> json_text_of(const base::Headers& headers, std::string_view body) {
  if (media_type(headers) == kJson) return std::string(body);
  for (auto& [name, value] : base::parse_query(body)) {
    if (name == "payload") return std::move(value);
  }
  return base::invalid_input("expected a form with the field payload");
}

}  // namespace

bool is_signed(Forge forge, const base::Headers& headers, std::string_view body,
               const std::vector<std::string>& secrets, base::WallTime now) {
  bool any = false;
  for (const auto& secret : secrets) any = is_signed_by(forge, headers, body, secret, now) || any;
  return any;
}

bool is_hook_type(const base::Headers& headers) {
  const auto type = media_type(headers);
  return type == kJson || type == kForm;
}

base::Result<Hook> read_hook(Forge forge, const base::Headers& headers, std::string_view body) {
  Hook hook;
  if (forge == Forge::github) {
    hook.event = first_header(headers, {"X-GitHub-Event"});
    hook.guid = first_header(headers, {"X-GitHub-Delivery"});
  } else if (forge == Forge::gitea) {
    hook.event = first_header(headers, {"X-Forgejo-Event", "X-Gitea-Event"});
    hook.guid = first_header(headers, {"X-Forgejo-Delivery", "X-Gitea-Delivery"});
  } else {
    hook.event = first_header(headers, {"X-Gitlab-Event"});
    hook.guid = first_header(headers, {"webhook-id", "Idempotency-Key", "X-Gitlab-Event-UUID"});
  }
  if (hook.event.empty()) return base::invalid_input("expected a header that names the event");
  if (hook.guid.empty() || hook.guid.size() > kLongestGuid)
    return base::invalid_input("expected a header with the delivery's id");
  TRY(const auto text, json_text_of(headers, body));
  TRY(auto payload, base::parse_json(text).while_doing("reading the payload"));
  if (!payload.is_object()) return base::invalid_input("expected the payload to be an object");
  if (forge == Forge::gitea) payload = in_githubs_words_from_gitea(std::move(payload), hook.event);
  if (forge == Forge::gitlab) payload = in_githubs_words_from_gitlab(payload, hook.event);
  hook.repository = base::json_string(base::json_member(payload, "repository"), "full_name");
  hook.payload = base::to_text(payload);
  return hook;
}

std::string meaning_of(const std::string& event, const std::string& repository, const base::Json& payload) {
  if (event == "push") {
    return fmt::format("{} push {} {} {}", base::to_lower(repository), base::json_string(payload, "ref"),
                       base::json_string(payload, "before"), base::json_string(payload, "after"));
  }
  // The same event tells the App's installation where the App gets it, and nothing else differs.
  auto common = payload;
  for (const std::string key : {"installation", "organization", "enterprise", "hook", "hook_id"})
    common.erase(key);
  return fmt::format("{} {} {}", base::to_lower(repository), event, base::sha256_hex(base::to_text(common)));
}

}  // namespace server
