#pragma once
// What the AWS built-ins share: a client as the step's environment describes it, and inputs as the actions
// read them.

#include <string>
#include <vector>

#include "aws/client.h"
#include "base/result.h"
#include "steps/builtin_actions.h"

namespace steps::builtin {

/// Without credentials.
aws::ClientOptions client_options(const ActionCall& call, const RunningJob& job);
/// With the credentials and the region of the step's environment.
base::Result<aws::Client> step_client(const ActionCall& call, const RunningJob& job);

/// `true` in any case is true, all else is false, as the actions have it.
bool is_true(const ActionCall& call, std::string_view name, std::string_view fallback = "false");
/// Parts of a comma-separated input, trimmed, without empty ones.
std::vector<std::string> comma_list(const ActionCall& call, std::string_view name);

}  // namespace steps::builtin
