#include "emulator/sts_service.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "emulator/api_failure.h"
#include "emulator/policy.h"
#include "emulator/web_identity.h"

namespace emulator {

namespace {

constexpr int kForbidden = 403;
constexpr int kShortestSession = 900;

std::string input(const ApiCall& call, std::string_view name) {
  return base::json_string(call.input, name);
}

std::variant<int, ApiFailure> duration_of(const ApiCall& call, const Role& role) {
  const auto text = input(call, "DurationSeconds");
  const auto seconds = text.empty() ? std::optional<std::int64_t>(3600) : base::parse_integer(text);
  if (!seconds || *seconds < kShortestSession || *seconds > 43'200) {
    return failure(
        "ValidationError",
        fmt::format("1 validation error detected: Value '{}' at 'durationSeconds' failed to satisfy "
                    "constraint: between 900 and 43200",
                    text));
  }
  if (*seconds > role.max_session_seconds) {
    return failure("ValidationError",
                   "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }
  return static_cast<int>(*seconds);
}

base::Json credentials_of(const Identity::Session& session) {
  return {{"AccessKeyId", session.access_key_id},
          {"SecretAccessKey", session.key.secret},
          {"SessionToken", session.key.session_token},
          {"Expiration", base::format_iso8601(base::from_epoch_seconds(session.key.expires_at))}};
}

base::Json assumed_user(const Identity::Session& session) {
  return {{"AssumedRoleId", session.key.principal.user_id}, {"Arn", session.key.principal.arn}};
}

// The condition keys of a web identity: PROVIDER:claim for every claim with a text (STS's own and GitHub's).
std::map<std::string, std::vector<std::string>> keys_of(const VerifiedToken& token) {
  std::map<std::string, std::vector<std::string>> keys;
  const auto prefix = token.provider.arn.substr(token.provider.arn.find('/') + 1) + ":";
  for (const auto& [name, value] : token.claims.items()) {
    if (value.is_string()) keys[prefix + name] = {value.get<std::string>()};
    if (!value.is_array()) continue;
    for (const auto& item : value) {
      if (item.is_string()) keys[prefix + name].push_back(item.get<std::string>());
    }
  }
  return keys;
}

ApiResult assume_with_web_identity(const ApiCall& call, const StsSurroundings& all) {
  const auto arn = input(call, "RoleArn");
  const auto denied = [&](const std::string& why) {
    all.audit.write(fmt::format("AssumeRoleWithWebIdentity of {} denied: {}", arn, why));
    return failure("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", kForbidden);
  };
  if (all.faults.identity_provider_is_down()) {
    all.audit.write(
        fmt::format("AssumeRoleWithWebIdentity of {}: the identity provider is down by a fault", arn));
    return failure(
        "IDPCommunicationError",
        "An error occurred while communicating with the identity provider: it could not be reached");
  }
  auto verified =
      verify_web_identity(input(call, "WebIdentityToken"), all.identity, all.http, all.clock.now());
  if (auto* refused = std::get_if<ApiFailure>(&verified)) {
    all.audit.write(fmt::format("AssumeRoleWithWebIdentity of {}: {}", arn, refused->message));
    return *refused;
  }
  const auto& token = std::get<VerifiedToken>(verified);
  const auto role = all.identity.find_role(arn);
  if (!role) return denied("there is no such role");
  const auto trust = evaluate_trust(
      role->trust_policy,
      {.action = "sts:AssumeRoleWithWebIdentity", .federated = token.provider.arn, .keys = keys_of(token)});
  if (!trust.allowed) return denied(trust.reason);
  const auto seconds = duration_of(call, *role);
  if (const auto* refused = std::get_if<ApiFailure>(&seconds)) return *refused;
  const auto session = all.identity.start_session(*role, input(call, "RoleSessionName"),
                                                  std::get<int>(seconds), all.clock.now());
  const auto subject = base::json_string(token.claims, "sub");
  all.audit.write(fmt::format("AssumeRoleWithWebIdentity of {} allowed for {}", arn, subject));
  return base::Json{{"Credentials", credentials_of(session)},
                    {"SubjectFromWebIdentityToken", subject},
                    {"AssumedRoleUser", assumed_user(session)},
                    {"Provider", token.provider.arn},
                    {"Audience", base::json_string(token.claims, "aud")}};
}

ApiResult assume_role(const ApiCall& call, const StsSurroundings& all) {
  const auto arn = input(call, "RoleArn");
  const auto denied = [&](const std::string& why) {
    all.audit.write(fmt::format("AssumeRole of {} denied for {}: {}", arn, call.principal.arn, why));
    return failure("AccessDenied",
                   fmt::format("User: {} is not authorized to perform: sts:AssumeRole on resource: {}",
                               call.principal.arn, arn),
                   kForbidden);
  };
  const auto role = all.identity.find_role(arn);
  if (!role) return denied("there is no such role");
  const auto trust =
      evaluate_trust(role->trust_policy, {.action = "sts:AssumeRole", .aws = call.principal.arn});
  if (!trust.allowed) return denied(trust.reason);
  const auto seconds = duration_of(call, *role);
  if (const auto* refused = std::get_if<ApiFailure>(&seconds)) return *refused;
  const auto session = all.identity.start_session(*role, input(call, "RoleSessionName"),
                                                  std::get<int>(seconds), all.clock.now());
  return base::Json{{"Credentials", credentials_of(session)}, {"AssumedRoleUser", assumed_user(session)}};
}

}  // namespace

ServiceTable make_sts_service(const StsSurroundings& all) {
  ServiceTable table{.name = "sts",
                     .protocol = Protocol::query,
                     .version = "2011-06-15",
                     .xml_namespace = "https://sts.amazonaws.com/doc/2011-06-15/"};
  table.operations["AssumeRoleWithWebIdentity"] = [all](const ApiCall& call) {
    return assume_with_web_identity(call, all);
  };
  table.operations["AssumeRole"] = [all](const ApiCall& call) { return assume_role(call, all); };
  table.operations["GetCallerIdentity"] = [](const ApiCall& call) -> ApiResult {
    return base::Json{
        {"UserId", call.principal.user_id}, {"Account", call.principal.account}, {"Arn", call.principal.arn}};
  };
  return table;
}

}  // namespace emulator
