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
/// The error with these words before its message, as the actions put it.
base::Error prefixed(base::Error error, std::string_view prefix);
/// Region, endpoints and clock of the step, with the settings of its profile; without credentials.
aws::ClientOptions aws_options(const ActionCall& call, const RunningJob& job);
/// The step's credentials by the chain of AWS's SDKs. Files are those that steps see; a credential_process is
/// refused, and the machine's own role is used only where the job may reach all that the machine does.
/// Credentials that an earlier step of the job was given renew themselves.
base::Result<aws::CredentialSource> find_aws_credentials(const ActionCall& call, const RunningJob& job);
base::Result<aws::Client> make_aws_client(const ActionCall& call, const RunningJob& job);

}  // namespace steps::builtin
