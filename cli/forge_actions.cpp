#include "cli/forge_actions.h"

#include <fmt/format.h>

#include "base/json.h"
#include "runner/action_store.h"
#include "server/gitea_words.h"

namespace cli {

using base::Result;
using workflow::Node;

AddressReader::AddressReader(std::string actions_server, std::string instance)
    : actions_server_(std::move(actions_server)), instance_(std::move(instance)) {}

Result<void> AddressReader::read(Node& root) {
  for (auto& part : root.members) {
    if (part.key.text != "jobs") continue;
    for (auto& job : part.value.members) {
      for (auto& member : job.value.members) {
        if (member.key.text == "uses") TRY(read_use(member.value, instance_));
        if (member.key.text == "steps") TRY(read_steps(member.value.items));
      }
    }
  }
  return {};
}

Result<void> AddressReader::read_steps(std::vector<Node>& steps) {
  for (auto& step : steps) {
    for (auto& member : step.members) {
      if (member.key.text == "uses") TRY(read_use(member.value, actions_server_));
      if (member.key.text == "parallel") TRY(read_steps(member.value.items));
    }
  }
  return {};
}

Result<void> AddressReader::read_use(Node& uses, const std::string& default_server) {
  auto address = server::take_address_apart(uses.text, {actions_server_, instance_});
  const auto written = uses.text;
  if (address) uses.text = address->uses;
  const auto reference = workflow::parse_repository_reference(uses.text);
  if (address && !reference) {
    return base::invalid_input(
        fmt::format("'{}' names no action: expected https://HOST/OWNER/NAME[/PATH]@REF", written));
  }
  if (!reference) return {};
  const auto key = runner::action_key(*reference);
  const auto server = address ? address->server : default_server;
  const auto [known, is_new] = all_.emplace(key, server);
  if (known->second != server) {
    return base::invalid_input(fmt::format(
        "{} is meant to be on {} and on {}: one job takes it from one server", key, known->second, server));
  }
  if (server != default_server) servers_.emplace(key, server);
  return {};
}

std::string actions_server(const server::ForgeTask& task, const std::string& instance) {
  auto server = base::json_string(task.context, "gitea_default_actions_url");
  while (server.ends_with('/')) server.pop_back();
  return server.empty() ? instance : server;
}

}  // namespace cli
