#include "steps/docker_networks.h"
#include "steps/docker_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "steps/docker_containers.h"

namespace steps {

namespace {

using base::Result;

base::Json describe_network(const std::string& network, DockerContainers& containers) {
  base::Json members = base::Json::object();
  for (const auto& container : containers.list()) {
    if (!container->requested().is_in(network) || container->state().phase != ContainerPhase::running)
      continue;
    members[container->id()] = {{"Name", container->name()},
                                {"IPv4Address", container->as_neighbour().address + "/16"}};
  }
  return {{"Name", network},
          {"Id", network},
          {"Driver", is_own_network(network) ? "bridge" : network},
          {"Scope", "local"},
          {"Containers", std::move(members)}};
}

// Names stand for ids, which nobody can tell from them.
Result<void> list_networks(const DockerCall& call) {
  const auto& command = call.command;
  if (!command.quiet && command.format.empty()) call.print(fmt::format("{:<30} DRIVER\n", "NAME"));
  FormattedRows formatted(call,
                          {{"Name", "NAME"}, {"ID", "NETWORK ID"}, {"Driver", "DRIVER"}, {"Scope", "SCOPE"}});
  for (const auto& name : call.containers->networks()) {
    const std::string driver = is_own_network(name) ? "bridge" : name;
    const bool listed = std::all_of(command.filters.begin(), command.filters.end(), [&](const auto& filter) {
      return filter.starts_with("name=") && name.find(filter.substr(5)) != std::string::npos;
    });
    if (!listed) continue;
    if (command.quiet) {
      call.print(name + "\n");
    } else if (command.format.empty()) {
      call.print(fmt::format("{:<30} {}\n", name, driver));
    } else {
      TRY(formatted.add({{"Name", name}, {"ID", name}, {"Driver", driver}, {"Scope", "local"}}));
    }
  }
  TRY(formatted.finish());
  return {};
}

Result<void> inspect_networks(const DockerCall& call) {
  const auto known = call.containers->networks();
  base::Json all = base::Json::array();
  for (const auto& name : call.command.operands) {
    if (!known.contains(name)) return as_docker_says(fmt::format("network {} not found", name));
    all.push_back(describe_network(name, *call.containers));
  }
  return print_inspected(call, all);
}

void prune_networks(const DockerCall& call) {
  call.print("Deleted Networks:\n");
  for (const auto& name : call.containers->networks()) {
    if (is_own_network(name) && call.containers->remove_network(name)) call.print(name + "\n");
  }
}

}  // namespace

Result<DockerAnswer> docker_network(const DockerCall& call) {
  auto& containers = *call.containers;
  switch (call.command.verb) {
    case DockerVerb::network_ls:
      TRY(list_networks(call));
      break;
    case DockerVerb::network_inspect:
      TRY(inspect_networks(call));
      break;
    case DockerVerb::network_prune:
      prune_networks(call);
      break;
    default:
      for (const auto& name : call.command.operands) {
        TRY(call.command.verb == DockerVerb::network_create ? containers.add_network(name)
                                                            : containers.remove_network(name));
        call.print(name + "\n");
      }
  }
  return DockerAnswer{};
}

}  // namespace steps
