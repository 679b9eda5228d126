#pragma once
// What the AWS built-ins share: a client with the step's region, endpoints and credentials. Not for making
// credentials (aws_credentials).

#include <string_view>
#include <vector>

#include "aws/client.h"
#include "steps/builtin_actions.h"

namespace steps::builtin {

/// Parts of a comma-separated input, trimmed, without empty ones.
std::vector<std::string> comma_list(const ActionCall& call, std::string_view name);
/// A warning that belongs to the step.
void warn(RunningJob& job, std::string message);
/// Region, endpoints and clock of the step, without credentials.
aws::ClientOptions aws_options(const ActionCall& call, const RunningJob& job);
/// The step's credentials: AWS_ACCESS_KEY_ID and its companions, else AWS_PROFILE (or default) of the file
/// that AWS_SHARED_CREDENTIALS_FILE names. The error says which step is missing.
base::Result<aws::Credentials> find_aws_credentials(const ActionCall& call, const RunningJob& job);
base::Result<aws::Client> make_aws_client(const ActionCall& call, const RunningJob& job);

}  // namespace steps::builtin
