#include "steps/compose/project.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "steps/compose/node_reader.h"
#include "steps/compose/read_service.h"
#include "steps/docker_volumes.h"

namespace steps::compose {

namespace {

using base::Result;
using workflow::Member;
using workflow::Node;

Result<std::map<std::string, Shared>> read_shared(const NodeReader& reader, const Node& node,
                                                  const std::string& what) {
  std::map<std::string, Shared> found;
  TRY(reader.expect_mapping(node, what));
  for (const Member& member : node.members) {
    Shared& shared = found[member.key.text];
    const auto external = [&](const Node& value) -> Result<void> {
      TRY(shared.external, reader.truth(value));
      return {};
    };
    const auto name = [&](const Node& value) -> Result<void> {
      TRY(shared.name, reader.text(value));
      if (is_volume_name(shared.name)) return {};
      return reader.wrong(value, fmt::format("the name \"{}\" includes invalid characters, only "
                                             "\"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed",
                                             shared.name));
    };
    const auto driver = [&](const Node& value) -> Result<void> {
      TRY(const auto wanted, reader.text(value));
      if (wanted == "bridge" || wanted == "local" || wanted == "default") return {};
      return reader.wrong(value, fmt::format("the driver {} is not supported here", wanted));
    };
    const auto labels = [&](const Node& value) -> Result<void> {
      TRY(const auto pairs, reader.pairs(value));
      (void)pairs;  // nothing here asks for them
      return {};
    };
    TRY(reader.members(member.value, what + "." + member.key.text,
                       {{"external", external}, {"name", name}, {"driver", driver}, {"labels", labels}}));
    if (shared.external && shared.name.empty()) shared.name = member.key.text;
  }
  return found;
}

bool is_a_list_that_grows(const std::string& key) {
  return key == "ports" || key == "expose" || key == "tmpfs" || key == "cap_add" || key == "security_opt" ||
         key == "extra_hosts" || key == "healthcheck" || key == "ulimits";
}

void add_new(std::vector<std::string>& into, const std::vector<std::string>& more) {
  for (const auto& text : more) {
    if (std::find(into.begin(), into.end(), text) == into.end()) into.push_back(text);
  }
}

void take_unless_empty(std::string& into, std::string over) {
  if (!over.empty()) into = std::move(over);
}

// compose-spec 13-merge.md: mappings are merged, lists appended, a command is replaced.
void merge_service(Service& into, Service over) {
  take_unless_empty(into.image, std::move(over.image));
  take_unless_empty(into.container_name, std::move(over.container_name));
  take_unless_empty(into.pull_policy, std::move(over.pull_policy));
  take_unless_empty(into.network_mode, std::move(over.network_mode));
  if (over.command) into.command = std::move(over.command);
  if (over.entrypoint) into.entrypoint = std::move(over.entrypoint);
  if (!over.health_test.empty()) into.health_test = std::move(over.health_test);
  if (over.build && into.build) {
    take_unless_empty(into.build->context, over.build->context == "." ? "" : over.build->context);
    take_unless_empty(into.build->dockerfile, over.build->dockerfile);
    take_unless_empty(into.build->dockerfile_text, over.build->dockerfile_text);
    add_new(into.build->options, over.build->options);
  } else if (over.build) {
    into.build = std::move(over.build);
  }
  for (auto& [name, value] : over.environment) into.environment[name] = value;
  for (auto& [name, value] : over.labels) into.labels[name] = value;
  for (auto& [name, dependency] : over.depends_on) into.depends_on[name] = dependency;
  for (auto& [name, aliases] : over.networks) add_new(into.networks[name], aliases);
  for (auto& file : over.environment_files) into.environment_files.push_back(std::move(file));
  add_new(into.profiles, over.profiles);
  for (auto& volume : over.volumes) {
    std::erase_if(into.volumes, [&](const Volume& known) { return known.target == volume.target; });
    into.volumes.push_back(std::move(volume));
  }
  for (auto& [key, options] : over.options) {
    auto& known = into.options[key];
    is_a_list_that_grows(key) ? add_new(known, options) : static_cast<void>(known = std::move(options));
  }
}

base::Error at(const base::Location& place, std::string message) {
  auto error = base::invalid_input(std::move(message));
  error.location = place;
  return error;
}

/// Services in the order in which each may start. As deep as a chain of them, which the size of a file
/// bounds.
class Order {
 public:
  explicit Order(const File& file) : file_(file) {}

  Result<void> add(const std::string& name) {
    if (done_.contains(name)) return {};
    const Service& service = file_.services.at(name);
    if (!under_way_.insert(name).second) {
      return at(service.place,
                fmt::format("dependency cycle: the service {} waits for itself, through depends_on", name));
    }
    for (const auto& [other, dependency] : service.depends_on) {
      if (file_.services.contains(other)) TRY(add(other));
    }
    under_way_.erase(name);
    done_.insert(name);
    order_.push_back(&service);
    return {};
  }

  std::vector<const Service*> take() { return std::move(order_); }

 private:
  const File& file_;
  std::set<std::string> under_way_, done_;
  std::vector<const Service*> order_;
};

bool is_active(const Service& service, const std::vector<std::string>& profiles) {
  return service.profiles.empty() ||
         std::any_of(service.profiles.begin(), service.profiles.end(), [&](const std::string& profile) {
           return std::find_if(profiles.begin(), profiles.end(), [&](const std::string& wanted) {
                    return wanted == profile || wanted == "*";
                  }) != profiles.end();
         });
}

}  // namespace

Result<File> read_compose(const ComposeText& text, const Lookup& lookup, std::set<std::string>& unset) {
  TRY(const Node root, read_document(text.file, text.text, lookup, unset));
  const NodeReader reader(text.file);
  File file;
  const auto services = [&](const Node& node) -> Result<void> {
    TRY(reader.expect_mapping(node, "services"));
    for (const Member& member : node.members) {
      TRY(file.services[member.key.text], read_service(reader, member, file.notes));
    }
    return {};
  };
  const auto networks = [&](const Node& node) -> Result<void> {
    TRY(file.networks, read_shared(reader, node, "networks"));
    return {};
  };
  const auto volumes = [&](const Node& node) -> Result<void> {
    TRY(file.volumes, read_shared(reader, node, "volumes"));
    return {};
  };
  const auto name = [&](const Node& node) -> Result<void> {
    TRY(file.name, reader.text(node));
    return {};
  };
  const auto version = [&](const Node& node) -> Result<void> {
    TRY(const auto ignored, reader.text(node));  // obsolete
    return {};
  };
  TRY(reader.members(root, "the file",
                     {{"services", services},
                      {"networks", networks},
                      {"volumes", volumes},
                      {"name", name},
                      {"version", version}}));
  return file;
}

void merge_into(File& file, File over) {
  take_unless_empty(file.name, std::move(over.name));
  for (auto& [name, service] : over.services) {
    const auto [known, is_new] = file.services.try_emplace(name, service);
    if (!is_new) merge_service(known->second, std::move(service));
  }
  for (auto& [name, shared] : over.networks) file.networks[name] = shared;
  for (auto& [name, shared] : over.volumes) file.volumes[name] = shared;
  file.notes.insert(file.notes.end(), over.notes.begin(), over.notes.end());
}

Result<void> check_references(const File& file) {
  Order order(file);
  for (const auto& [name, service] : file.services) {
    if (service.image.empty() && !service.build) {
      return at(service.place,
                fmt::format("service \"{}\" has neither an image nor a build context specified", name));
    }
    for (const auto& [other, dependency] : service.depends_on) {
      if (!file.services.contains(other) && dependency.required) {
        return at(dependency.place,
                  fmt::format("service \"{}\" depends on undefined service \"{}\"", name, other));
      }
    }
    for (const auto& [network, aliases] : service.networks) {
      if (network != "default" && !file.networks.contains(network))
        return at(service.place, fmt::format("service \"{}\" refers to undefined network {}", name, network));
    }
    for (const auto& volume : service.volumes) {
      const bool named = !volume.source.empty() && volume.source.find('/') == std::string::npos &&
                         !volume.source.starts_with('.') && !volume.source.starts_with('~');
      if (named && !file.volumes.contains(volume.source)) {
        return at(service.place,
                  fmt::format("service \"{}\" refers to undefined volume {}", name, volume.source));
      }
    }
    if (service.network_mode.starts_with("service:") || service.network_mode.starts_with("container:")) {
      return at(service.place, fmt::format("service \"{}\": network_mode {} is not supported here", name,
                                           service.network_mode));
    }
    TRY(order.add(name));
  }
  return {};
}

Result<std::vector<const Service*>> services_in_order(const File& file,
                                                      const std::vector<std::string>& wanted,
                                                      const std::vector<std::string>& profiles) {
  Order order(file);
  for (const auto& name : wanted) {
    if (!file.services.contains(name)) return base::invalid_input("no such service: " + name);
    TRY(order.add(name));
  }
  if (!wanted.empty()) return order.take();
  for (const auto& [name, service] : file.services) {
    if (is_active(service, profiles)) TRY(order.add(name));
  }
  return order.take();
}

}  // namespace steps::compose
