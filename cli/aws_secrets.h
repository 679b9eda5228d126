#pragma once
// Secrets that stand in AWS and are only referred to here. Not for those of task definitions: ECS reads them.

#include <string>

#include "aws/client.h"
#include "base/result.h"

namespace cli {

/// `arn:aws:secretsmanager:…:secret:NAME[:JSON-KEY::]`, `arn:aws:ssm:…:parameter/NAME` or `ssm:NAME`. An
/// Error names the reference, never a value.
base::Result<std::string> read_aws_secret(aws::Client& client, const std::string& reference);
/// The region of an ARN; empty: it has none.
std::string region_of_reference(const std::string& reference);

}  // namespace cli
