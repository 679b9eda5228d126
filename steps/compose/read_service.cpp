#include "steps/compose/read_service.h"

#include <fmt/format.h>

#include "ecr/duration.h"
#include "steps/compose/read_parts.h"

namespace steps::compose {

namespace {

using base::Result;
using workflow::Member;
using workflow::Node;
using workflow::NodeKind;

struct OptionKey {
  std::string_view key;
  std::string_view option;  ///< of docker create
};
constexpr OptionKey kTexts[] = {{"user", "--user"},         {"working_dir", "--workdir"},
                                {"hostname", "--hostname"}, {"mem_limit", "--memory"},
                                {"cpus", "--cpus"},         {"pids_limit", "--pids-limit"},
                                {"shm_size", "--shm-size"}, {"stop_signal", "--stop-signal"},
                                {"platform", "--platform"}};
constexpr OptionKey kLists[] = {{"expose", "--expose"},
                                {"tmpfs", "--tmpfs"},
                                {"cap_add", "--cap-add"},
                                {"security_opt", "--security-opt"}};
constexpr OptionKey kSwitches[] = {{"read_only", "--read-only"}, {"init", "--init"}};

class ServiceReader {
 public:
  ServiceReader(const NodeReader& reader, const Member& member, std::vector<std::string>& notes)
      : reader_(reader), notes_(notes) {
    service_.name = member.key.text;
    service_.place = reader.place_of(member.key);
  }

  Result<Service> read(const Node& node) {
    TRY(reader_.members(node, "the service " + service_.name, keys()));
    return std::move(service_);
  }

 private:
  NodeReader::Keys keys() {
    NodeReader::Keys keys = own_keys();
    for (const auto& known : kTexts) {
      keys[known.key] = [this, &known](const Node& node) -> Result<void> {
        TRY(const auto value, reader_.text(node));
        options(known.key) = {fmt::format("{}={}", known.option, value)};
        return {};
      };
    }
    for (const auto& known : kLists) {
      keys[known.key] = [this, &known](const Node& node) -> Result<void> {
        TRY(const auto values, reader_.one_or_list(node));
        for (const auto& value : values)
          options(known.key).push_back(fmt::format("{}={}", known.option, value));
        return {};
      };
    }
    for (const auto& known : kSwitches) {
      keys[known.key] = [this, &known](const Node& node) -> Result<void> {
        TRY(const bool wanted, reader_.truth(node));
        if (wanted) options(known.key) = {std::string(known.option)};
        return {};
      };
    }
    return keys;
  }

  NodeReader::Keys own_keys() {
    const auto text_into = [this](std::string& into) {
      return [this, &into](const Node& node) -> Result<void> {
        TRY(into, reader_.text(node));
        return {};
      };
    };
    const auto words_into = [this](std::optional<std::vector<std::string>>& into) {
      return [this, &into](const Node& node) -> Result<void> {
        TRY(into, reader_.words(node));
        return {};
      };
    };
    const auto by = [this](Result<void> (ServiceReader::*method)(const Node&)) {
      return [this, method](const Node& node) { return (this->*method)(node); };
    };
    return {{"image", text_into(service_.image)},
            {"container_name", text_into(service_.container_name)},
            {"pull_policy", text_into(service_.pull_policy)},
            {"network_mode", text_into(service_.network_mode)},
            {"command", words_into(service_.command)},
            {"entrypoint", words_into(service_.entrypoint)},
            {"build", by(&ServiceReader::read_build)},
            {"depends_on", by(&ServiceReader::read_dependencies)},
            {"env_file", by(&ServiceReader::read_environment_files)},
            {"environment", by(&ServiceReader::read_environment)},
            {"extra_hosts", by(&ServiceReader::read_hosts)},
            {"healthcheck", by(&ServiceReader::read_health_check)},
            {"labels", by(&ServiceReader::read_labels)},
            {"networks", by(&ServiceReader::read_networks)},
            {"ports", by(&ServiceReader::read_ports)},
            {"privileged", by(&ServiceReader::read_privileged)},
            {"profiles", by(&ServiceReader::read_profiles)},
            {"restart", by(&ServiceReader::read_restart)},
            {"stdin_open", by(&ServiceReader::read_terminal)},
            {"stop_grace_period", by(&ServiceReader::read_grace)},
            {"tty", by(&ServiceReader::read_terminal)},
            {"ulimits", by(&ServiceReader::read_limits)},
            {"volumes", by(&ServiceReader::read_volumes)}};
  }

  std::vector<std::string>& options(std::string_view key) { return service_.options[std::string(key)]; }

  Result<void> read_build(const Node& node) {
    TRY(service_.build, compose::read_build(reader_, node, service_.name));
    return {};
  }

  Result<void> read_dependencies(const Node& node) {
    if (node.is_sequence()) {
      for (const Node& item : node.items) {
        TRY(const auto name, reader_.text(item));
        service_.depends_on[name] = {.place = reader_.place_of(item)};
      }
      return {};
    }
    TRY(reader_.expect_mapping(node, "depends_on"));
    for (const Member& member : node.members) {
      Dependency dependency{.place = reader_.place_of(member.key)};
      const auto condition = [&](const Node& value) { return read_condition(value, dependency.condition); };
      const auto required = [&](const Node& value) -> Result<void> {
        TRY(dependency.required, reader_.truth(value));
        return {};
      };
      const auto restart = [&](const Node& value) -> Result<void> {
        TRY(const bool wanted, reader_.truth(value));
        if (!wanted) return {};
        return reader_.wrong(value, "restart: true of a dependency is not supported here");
      };
      TRY(reader_.members(member.value, "depends_on." + member.key.text,
                          {{"condition", condition}, {"required", required}, {"restart", restart}}));
      service_.depends_on[member.key.text] = dependency;
    }
    return {};
  }

  Result<void> read_condition(const Node& node, Condition& condition) const {
    TRY(const auto text, reader_.text(node));
    if (text == "service_started") {
      condition = Condition::started;
    } else if (text == "service_healthy") {
      condition = Condition::healthy;
    } else if (text == "service_completed_successfully") {
      condition = Condition::completed;
    } else {
      return reader_.wrong(node, fmt::format("expected service_started, service_healthy or "
                                             "service_completed_successfully, found '{}'",
                                             text));
    }
    return {};
  }

  Result<void> read_environment_files(const Node& node) {
    const auto items = node.is_sequence() ? node.items : std::vector<Node>{node};
    for (const Node& item : items) {
      EnvironmentFile file;
      if (item.is_scalar()) {
        TRY(file.path, reader_.text(item));
      } else {
        const auto path = [&](const Node& value) -> Result<void> {
          TRY(file.path, reader_.text(value));
          return {};
        };
        const auto required = [&](const Node& value) -> Result<void> {
          TRY(file.required, reader_.truth(value));
          return {};
        };
        TRY(reader_.members(item, "env_file", {{"path", path}, {"required", required}}));
      }
      service_.environment_files.push_back(std::move(file));
    }
    return {};
  }

  Result<void> read_environment(const Node& node) {
    TRY(service_.environment, reader_.pairs(node));
    return {};
  }

  Result<void> read_labels(const Node& node) {
    TRY(const auto pairs, reader_.pairs(node));
    for (const auto& [name, value] : pairs) service_.labels[name] = value.value_or("");
    return {};
  }

  Result<void> read_hosts(const Node& node) {
    auto& added = options("extra_hosts");
    if (node.is_sequence()) {
      TRY(const auto hosts, reader_.list(node));
      for (const auto& host : hosts) added.push_back("--add-host=" + host);
      return {};
    }
    TRY(const auto hosts, reader_.pairs(node));
    for (const auto& [name, address] : hosts)
      added.push_back(fmt::format("--add-host={}:{}", name, address.value_or("")));
    return {};
  }

  Result<void> read_health_check(const Node& node) {
    auto& given = options("healthcheck");
    const auto times = [this, &given](const char* option) {
      return [this, &given, option](const Node& value) -> Result<void> {
        TRY(const auto text, reader_.text(value));
        given.push_back(fmt::format("{}={}", option, text));
        return {};
      };
    };
    const auto disable = [this, &given](const Node& value) -> Result<void> {
      TRY(const bool wanted, reader_.truth(value));
      if (wanted) given.emplace_back("--no-healthcheck");
      return {};
    };
    const auto test = [this, &given](const Node& value) -> Result<void> {
      if (value.is_scalar()) {
        TRY(const auto line, reader_.text(value));
        service_.health_test = {"CMD-SHELL", line};
        return {};
      }
      TRY(service_.health_test, reader_.list(value));
      const auto kind = service_.health_test.empty() ? "" : service_.health_test[0];
      if (kind != "NONE" && kind != "CMD" && kind != "CMD-SHELL")
        return reader_.wrong(value, "a list begins with NONE, CMD or CMD-SHELL");
      if (kind == "NONE") given.emplace_back("--no-healthcheck");
      return {};
    };
    return reader_.members(node, "the healthcheck of " + service_.name,
                           {{"test", test},
                            {"disable", disable},
                            {"interval", times("--health-interval")},
                            {"timeout", times("--health-timeout")},
                            {"retries", times("--health-retries")},
                            {"start_period", times("--health-start-period")},
                            {"start_interval", times("--health-start-interval")}});
  }

  Result<void> read_networks(const Node& node) {
    if (node.is_sequence()) {
      TRY(const auto names, reader_.list(node));
      for (const auto& name : names) service_.networks[name];
      return {};
    }
    TRY(reader_.expect_mapping(node, "networks"));
    for (const Member& member : node.members) {
      auto& aliases = service_.networks[member.key.text];
      const auto take = [&](const Node& value) -> Result<void> {
        TRY(aliases, reader_.list(value));
        return {};
      };
      TRY(reader_.members(member.value, "networks." + member.key.text, {{"aliases", take}}));
    }
    return {};
  }

  Result<void> read_ports(const Node& node) {
    if (!node.is_sequence()) return reader_.wrong(node, "expected a list of ports");
    for (const Node& item : node.items) {
      if (item.is_scalar()) {
        options("ports").push_back("--publish=" + item.text);
        continue;
      }
      std::map<std::string, std::string> parts;
      const auto part = [this, &parts](const char* name) {
        return [this, &parts, name](const Node& value) -> Result<void> {
          TRY(parts[name], reader_.text(value));
          return {};
        };
      };
      TRY(reader_.members(item, "a port of " + service_.name,
                          {{"target", part("target")},
                           {"published", part("published")},
                           {"protocol", part("protocol")},
                           {"host_ip", part("host_ip")},
                           {"name", part("name")},
                           {"app_protocol", part("app_protocol")},
                           {"mode", part("mode")}}));
      std::string port = parts["target"];
      if (!parts["host_ip"].empty()) port = parts["host_ip"] + ":" + parts["published"] + ":" + port;
      if (parts["host_ip"].empty() && !parts["published"].empty()) port = parts["published"] + ":" + port;
      if (!parts["protocol"].empty()) port += "/" + parts["protocol"];
      options("ports").push_back("--publish=" + port);
    }
    return {};
  }

  Result<void> read_privileged(const Node& node) {
    TRY(const bool wanted, reader_.truth(node));
    if (!wanted) return {};
    return reader_.wrong(node, "privileged: true is not supported: no container gets more rights here");
  }

  Result<void> read_profiles(const Node& node) {
    TRY(service_.profiles, reader_.list(node));
    return {};
  }

  Result<void> read_restart(const Node& node) {
    TRY(const auto policy, reader_.text(node));
    if (policy == "no") return {};
    const bool known = policy == "always" || policy == "unless-stopped" || policy.starts_with("on-failure");
    if (!known) {
      return reader_.wrong(
          node, fmt::format("expected no, always, on-failure or unless-stopped, found '{}'", policy));
    }
    notes_.push_back(fmt::format("{}: restart: {} has no effect here: a container that ended stays so",
                                 service_.name, policy));
    return {};
  }

  // There is no terminal in a job.
  Result<void> read_terminal(const Node& node) {
    TRY(const bool wanted, reader_.truth(node));
    (void)wanted;
    return {};
  }

  Result<void> read_grace(const Node& node) {
    TRY(const auto text, reader_.text(node));
    const auto duration = ecr::parse_go_duration(text);
    if (!duration) return reader_.wrong(node, duration.error().message);
    constexpr std::int64_t kSecond = 1'000'000'000;
    options("stop_grace_period") = {fmt::format("--stop-timeout={}", (*duration + kSecond - 1) / kSecond)};
    return {};
  }

  Result<void> read_limits(const Node& node) {
    TRY(reader_.expect_mapping(node, "ulimits"));
    for (const Member& member : node.members) {
      std::string soft, hard;
      if (member.value.is_scalar()) {
        TRY(soft, reader_.text(member.value));
      } else {
        const auto into = [this](std::string& text) {
          return [this, &text](const Node& value) -> Result<void> {
            TRY(text, reader_.text(value));
            return {};
          };
        };
        TRY(reader_.members(member.value, "ulimits", {{"soft", into(soft)}, {"hard", into(hard)}}));
      }
      options("ulimits").push_back(
          fmt::format("--ulimit={}={}{}{}", member.key.text, soft, hard.empty() ? "" : ":", hard));
    }
    return {};
  }

  Result<void> read_volumes(const Node& node) {
    if (!node.is_sequence()) return reader_.wrong(node, "expected a list of volumes");
    for (const Node& item : node.items) {
      TRY(auto volume, read_volume(reader_, item, service_.name));
      if (volume.in_memory) {
        options("tmpfs").push_back("--tmpfs=" + volume.target);
      } else {
        service_.volumes.push_back(std::move(volume));
      }
    }
    return {};
  }

  const NodeReader& reader_;
  std::vector<std::string>& notes_;
  Service service_;
};

}  // namespace

Result<Service> read_service(const NodeReader& reader, const Member& member,
                             std::vector<std::string>& notes) {
  return ServiceReader(reader, member, notes).read(member.value);
}

}  // namespace steps::compose
