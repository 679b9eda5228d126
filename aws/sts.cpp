#include "aws/sts.h"

#include <fmt/format.h>

#include "aws/time_text.h"
#include "base/json.h"

namespace aws {
namespace {

constexpr const char* kVersion = "2011-06-15";

std::map<std::string, std::string> parameters_of(const RoleRequest& role) {
  std::map<std::string, std::string> parameters = {
      {"RoleArn", role.role_arn},
      {"RoleSessionName", role.session_name},
      {"DurationSeconds", std::to_string(role.duration_seconds)}};
  if (!role.inline_policy.empty()) parameters["Policy"] = role.inline_policy;
  for (std::size_t i = 0; i < role.managed_policies.size(); ++i) {
    parameters[fmt::format("PolicyArns.member.{}.arn", i + 1)] = role.managed_policies[i];
  }
  return parameters;
}

base::Result<AssumedRole> read_assumed_role(const base::Json& result) {
  const base::Json& keys = base::json_member(result, "Credentials");
  const base::Json& user = base::json_member(result, "AssumedRoleUser");
  AssumedRole role;
  role.credentials.access_key_id = base::json_string(keys, "AccessKeyId");
  role.credentials.secret_access_key = base::json_string(keys, "SecretAccessKey");
  role.credentials.session_token = base::json_string(keys, "SessionToken");
  role.credentials.expires = read_iso8601(base::json_string(keys, "Expiration"));
  role.assumed_role_id = base::json_string(user, "AssumedRoleId");
  role.arn = base::json_string(user, "Arn");
  if (role.credentials.access_key_id.empty() || role.credentials.secret_access_key.empty() ||
      role.credentials.session_token.empty()) {
    return base::make_error(base::ErrorKind::remote,
                            "STS answered without credentials: expected AccessKeyId, SecretAccessKey and "
                            "SessionToken within Credentials");
  }
  return role;
}

}  // namespace

base::Result<AssumedRole> assume_role_with_web_identity(const Client& client, const RoleRequest& role,
                                                        const std::string& token) {
  ClientOptions options = client.options();
  options.credentials.reset();
  Client anonymous(std::move(options));
  auto parameters = parameters_of(role);
  parameters["WebIdentityToken"] = token;
  TRY(const base::Json result, anonymous.call_query(kSts, kVersion, "AssumeRoleWithWebIdentity", parameters));
  return read_assumed_role(result);
}

base::Result<AssumedRole> assume_role(Client& client, const RoleRequest& role, const SessionTags& session) {
  auto parameters = parameters_of(role);
  for (std::size_t i = 0; i < session.tags.size(); ++i) {
    const auto& [key, value] = session.tags[i];
    parameters[fmt::format("Tags.member.{}.Key", i + 1)] = key;
    parameters[fmt::format("Tags.member.{}.Value", i + 1)] = value;
  }
  for (std::size_t i = 0; i < session.transitive_keys.size(); ++i)
    parameters[fmt::format("TransitiveTagKeys.member.{}", i + 1)] = session.transitive_keys[i];
  if (!session.external_id.empty()) parameters["ExternalId"] = session.external_id;
  TRY(const base::Json result, client.call_query(kSts, kVersion, "AssumeRole", parameters));
  return read_assumed_role(result);
}

base::Result<CallerIdentity> get_caller_identity(Client& client) {
  TRY(const base::Json result, client.call_query(kSts, kVersion, "GetCallerIdentity", {}));
  CallerIdentity identity{base::json_string(result, "Account"), base::json_string(result, "Arn"),
                          base::json_string(result, "UserId")};
  if (identity.account.empty()) {
    return base::make_error(base::ErrorKind::remote, "STS answered GetCallerIdentity without an account");
  }
  return identity;
}

}  // namespace aws
