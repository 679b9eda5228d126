#pragma once
// Where the actions and called workflows of a forge's job come from: its default server for them, or the one
// that a `uses` with a whole address names. Not for fetching them (runner/action_store).

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/forge_client.h"
#include "workflow/node.h"

namespace cli {

/// The forge's default server for actions.
std::string actions_server(const server::ForgeTask& task, const std::string& instance);

/// The servers of repositories that are not where those without an address are, by runner::action_key.
using ActionServers = std::map<std::string, std::string>;

/// Takes the addresses in the `uses` of workflows apart.
class AddressReader {
 public:
  /// Where actions without an address come from, and the forge itself, where workflows do.
  AddressReader(std::string actions_server, std::string instance);

  /// Leaves the addresses in the `uses` of a workflow's jobs and steps away. An Error for what is no address
  /// of an action, and for one `owner/name@ref` that is meant to be on two servers, here or in one before.
  base::Result<void> read(workflow::Node& root);
  [[nodiscard]] const ActionServers& servers() const { return servers_; }

 private:
  base::Result<void> read_steps(std::vector<workflow::Node>& steps);
  base::Result<void> read_use(workflow::Node& uses, const std::string& default_server);

  std::string actions_server_;
  std::string instance_;
  std::map<std::string, std::string> all_;
  ActionServers servers_;
};

}  // namespace cli
