#pragma once
// The ways to a role's credentials: the job's OIDC token, a token file, or other credentials. Not for what is
// made of them (aws_credentials).

#include <functional>
#include <stop_token>

#include "aws/sts.h"
#include "steps/builtin/aws_credentials_inputs.h"

namespace steps::builtin {

/// Gets a role's credentials; kept with them to renew them, so that it holds nothing that ends with the step.
using AssumeRole = std::function<base::Result<aws::AssumedRole>(const std::stop_token& stop)>;

/// What all ways start from.
struct RoleStart {
  const ActionCall& call;
  RunningJob& job;
  const CredentialsInputs& inputs;
  const aws::ClientOptions& options;  ///< without credentials
};

/// Whether the job's own token is the way.
bool goes_by_oidc(const RoleStart& start);
base::Result<AssumeRole> role_by_oidc(const RoleStart& start);
base::Result<AssumeRole> role_by_token_file(const RoleStart& start);
/// `account`: of the source, for a role that is given by its name alone.
AssumeRole role_by_credentials(const RoleStart& start, aws::CredentialSource source,
                               const std::string& account);
/// Asks again until the keys have letters and digits alone, which every fourth has or so.
AssumeRole plain_keys_alone(AssumeRole assume);

}  // namespace steps::builtin
