#pragma once
// STS: roles for tokens, roles for credentials, and who one is.
// https://docs.aws.amazon.com/STS/latest/APIReference/

#include <string>
#include <utility>
#include <vector>

#include "aws/client.h"
#include "aws/credentials.h"

namespace aws {

struct AssumeRoleRequest {
  std::string role_arn;
  std::string session_name;
  int duration_seconds = 3600;
  std::string external_id;
  std::string policy;                                     ///< an inline session policy
  std::vector<std::string> policy_arns;                   ///< managed session policies
  std::vector<std::pair<std::string, std::string>> tags;  ///< AssumeRole only
  std::vector<std::string> transitive_tag_keys;
};

struct AssumedRole {
  Credentials credentials;
  std::string expiration;       ///< ISO 8601
  std::string assumed_role_id;  ///< AROA…:session
};

base::Result<AssumedRole> assume_role_with_web_identity(Client& client, const AssumeRoleRequest& request,
                                                        const std::string& token);
base::Result<AssumedRole> assume_role(Client& client, const AssumeRoleRequest& request);

struct CallerIdentity {
  std::string account;
  std::string arn;
  std::string user_id;
};
base::Result<CallerIdentity> get_caller_identity(Client& client);

}  // namespace aws
