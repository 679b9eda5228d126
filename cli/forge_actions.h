#pragma once
// Where the actions of a forge's job come from: its default server for them, or the one that a `uses` with a
// whole address names. Not for fetching them (runner/action_store).

#include <map>
#include <string>

#include "base/result.h"
#include "server/forge_client.h"
#include "workflow/workflow.h"

namespace cli {

/// The forge's default server for actions.
std::string actions_server(const server::ForgeTask& task, const std::string& instance);

/// The servers of actions that are not on the default one, by runner::action_key.
using ActionServers = std::map<std::string, std::string>;

/// Leaves the addresses in the `uses` of the job's steps away. An Error for what is no address of an action,
/// and for one `owner/name@ref` that is meant to be on two servers.
base::Result<ActionServers> take_addresses_apart(workflow::Job& job, const std::string& default_server,
                                                 const std::string& instance);

}  // namespace cli
