#pragma once
// Whether the secrets and parameters that containers take their variables from are there. Values are looked
// into for a JSON key's name only, and let go of at once.

#include <string>

#include "aws/client.h"
#include "base/result.h"

namespace ecs {

/// `valueFrom` taken apart: a Secrets Manager ARN with its four colon-separated ends, or a parameter's name
/// or ARN.
struct SecretReference {
  bool is_parameter = false;
  std::string id;  ///< what the service is asked for
  std::string json_key, version_stage, version_id;
};
SecretReference read_secret_reference(const std::string& value_from);

/// not_found when the secret, the parameter or the JSON key is missing.
base::Result<void> look_for_secret(aws::Client& client, const std::string& value_from);
/// What the execution role has to be allowed to do.
std::string action_for_secret(const std::string& value_from);
/// The resource as policies name it; `role_arn` says which account and partition a bare name is in.
std::string secret_arn(const aws::Client& client, const std::string& value_from, const std::string& role_arn);

}  // namespace ecs
