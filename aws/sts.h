#pragma once
// The calls of the Security Token Service: temporary credentials for a role, and who one is. Not for where an
// OIDC token comes from (runner/oidc_issuer, steps/builtin/aws_credentials).

#include <string>
#include <utility>
#include <vector>

#include "aws/client.h"

namespace aws {

/// What both ways of assuming a role have in common.
struct RoleRequest {
  std::string role_arn;
  std::string session_name;
  int duration_seconds = 3600;
  std::string inline_policy;                  ///< JSON; empty: none
  std::vector<std::string> managed_policies;  ///< ARNs
};

/// What only AssumeRole takes.
struct SessionTags {
  std::vector<std::pair<std::string, std::string>> tags;
  std::vector<std::string> transitive_keys;  ///< of tags that sessions got from this one keep
  std::string external_id;
};

struct AssumedRole {
  Credentials credentials;
  std::string assumed_role_id;  ///< AROA…:session
  std::string arn;
};

/// Sent unsigned, whatever the client's credentials are: the token is the proof.
base::Result<AssumedRole> assume_role_with_web_identity(const Client& client, const RoleRequest& role,
                                                        const std::string& token);
base::Result<AssumedRole> assume_role(Client& client, const RoleRequest& role, const SessionTags& session);

struct CallerIdentity {
  std::string account;
  std::string arn;
  std::string user_id;
};
base::Result<CallerIdentity> get_caller_identity(Client& client);

}  // namespace aws
