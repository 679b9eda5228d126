#include "aws/sts.h"

#include <fmt/format.h>

#include "base/json.h"

namespace aws {

namespace {

using base::json_member;
using base::json_string;
using base::Result;

Client::Parameters parameters_of(const AssumeRoleRequest& request) {
  Client::Parameters parameters = {{"RoleArn", request.role_arn},
                                   {"RoleSessionName", request.session_name},
                                   {"DurationSeconds", std::to_string(request.duration_seconds)}};
  if (!request.policy.empty()) parameters["Policy"] = request.policy;
  for (std::size_t i = 0; i < request.policy_arns.size(); ++i) {
    parameters[fmt::format("PolicyArns.member.{}.arn", i + 1)] = request.policy_arns[i];
  }
  return parameters;
}

Result<AssumedRole> assumed_role_of(const base::Json& answer) {
  const auto& keys = json_member(answer, "Credentials");
  AssumedRole role{.credentials = {json_string(keys, "AccessKeyId"), json_string(keys, "SecretAccessKey"),
                                   json_string(keys, "SessionToken")},
                   .expiration = json_string(keys, "Expiration"),
                   .assumed_role_id = json_string(json_member(answer, "AssumedRoleUser"), "AssumedRoleId")};
  if (!role.credentials.access_key_id.empty()) return role;
  return base::make_error(base::ErrorKind::remote, "the answer of STS has no credentials");
}

}  // namespace

Result<AssumedRole> assume_role_with_web_identity(Client& client, const AssumeRoleRequest& request,
                                                  const std::string& token) {
  auto parameters = parameters_of(request);
  parameters["WebIdentityToken"] = token;
  TRY(const auto answer, client.query_unsigned(kSts, "AssumeRoleWithWebIdentity", parameters));
  return assumed_role_of(answer);
}

Result<AssumedRole> assume_role(Client& client, const AssumeRoleRequest& request) {
  auto parameters = parameters_of(request);
  if (!request.external_id.empty()) parameters["ExternalId"] = request.external_id;
  for (std::size_t i = 0; i < request.tags.size(); ++i) {
    parameters[fmt::format("Tags.member.{}.Key", i + 1)] = request.tags[i].first;
    parameters[fmt::format("Tags.member.{}.Value", i + 1)] = request.tags[i].second;
  }
  for (std::size_t i = 0; i < request.transitive_tag_keys.size(); ++i) {
    parameters[fmt::format("TransitiveTagKeys.member.{}", i + 1)] = request.transitive_tag_keys[i];
  }
  TRY(const auto answer, client.query(kSts, "AssumeRole", parameters));
  return assumed_role_of(answer);
}

Result<CallerIdentity> get_caller_identity(Client& client) {
  TRY(const auto answer, client.query(kSts, "GetCallerIdentity", {}));
  return CallerIdentity{json_string(answer, "Account"), json_string(answer, "Arn"),
                        json_string(answer, "UserId")};
}

}  // namespace aws
