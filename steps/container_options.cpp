#include "steps/container_options.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <functional>

#include "base/strings.h"
#include "ecr/byte_size.h"
#include "ecr/container_start.h"
#include "ecr/duration.h"
#include "steps/mount_option.h"

namespace steps {

namespace {

using base::Result;

base::Error refused(const std::string& what) {
  return base::make_error(base::ErrorKind::invalid_input, what);
}

Result<double> parse_cpus(const std::string& text) {
  char* end = nullptr;
  const double cores = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != 0 || !std::isfinite(cores) || cores <= 0 || cores > 4096)
    return refused(fmt::format("--cpus: expected a number of cores like 1.5, found '{}'", text));
  return cores;
}

Result<void> add_environment_option(ContainerOptions& options, const std::string& value) {
  const auto equals = value.find('=');
  if (equals == std::string::npos || equals == 0) {
    return refused(fmt::format(
        "--env {}: expected NAME=VALUE; a variable of the runner is not passed on, write its value", value));
  }
  options.environment[value.substr(0, equals)] = value.substr(equals + 1);
  return {};
}

Result<void> add_host(ContainerOptions& options, const std::string& value) {
  const auto colon = value.find_first_of(":=");
  const auto address = colon == std::string::npos ? "" : value.substr(colon + 1);
  const bool plain = value.find_first_of(" \t\n") == std::string::npos;
  if (colon == std::string::npos || colon == 0 || address.empty() || !plain)
    return refused(fmt::format("--add-host: expected name:address, found '{}'", value));
  options.hosts.push_back(
      fmt::format("{} {}", address == "host-gateway" ? "127.0.0.1" : address, value.substr(0, colon)));
  return {};
}

Result<void> add_tmpfs(ContainerOptions& options, const std::string& value) {
  const auto colon = value.find(':');
  sandbox::Mount mount{.kind = sandbox::MountKind::tmpfs,
                       .target = value.substr(0, colon),
                       .access = sandbox::Access::read_write};
  if (!mount.target.starts_with('/'))
    return refused(fmt::format("--tmpfs: expected an absolute path, found '{}'", value));
  if (colon != std::string::npos) {
    for (const auto& option : base::split(value.substr(colon + 1), ',')) {
      if (!option.starts_with("size=")) continue;
      TRY(mount.tmpfs_bytes, ecr::parse_byte_size(option.substr(5)).while_doing("--tmpfs"));
    }
  }
  options.tmpfs.push_back(std::move(mount));
  return {};
}

Result<void> set_ulimit(ContainerOptions& options, const std::string& value) {
  const auto equals = value.find('=');
  if (value.substr(0, equals) != "nofile" || equals == std::string::npos)
    return refused(fmt::format("--ulimit {} is not supported; only nofile is", value));
  const auto number = base::parse_integer(base::split(value.substr(equals + 1), ':')[0]);
  if (!number || *number <= 0)
    return refused(fmt::format("--ulimit: expected nofile=NUMBER, found '{}'", value));
  options.limits.open_files = static_cast<std::uint64_t>(*number);
  return {};
}

/// What every container here may do anyway, and what needs no right here.
Result<void> check_capability(const std::string& value) {
  static constexpr const char* kHeld[] = {"CHOWN",   "DAC_OVERRIDE", "FOWNER",    "FSETID",
                                          "KILL",    "SETGID",       "SETUID",    "NET_BIND_SERVICE",
                                          "SETFCAP", "SYS_CHROOT",   "SYS_PTRACE"};
  std::string name = base::to_upper(value);
  if (name.starts_with("CAP_")) name = name.substr(4);
  for (const char* held : kHeld) {
    if (name == held) return {};
  }
  return refused(fmt::format("--cap-add {} is not supported: no container gets that right here", value));
}

Result<std::int64_t> parse_duration_option(const std::string& value) {
  return ecr::parse_go_duration(value);
}

using SetOption = std::function<Result<void>(ContainerOptions&, const std::string&)>;

template <typename Member>
SetOption text_option(Member ContainerOptions::*member) {
  return [member](ContainerOptions& options, const std::string& value) -> Result<void> {
    options.*member = value;
    return {};
  };
}

SetOption duration_option(std::int64_t ecr::HealthCheck::*member) {
  return [member](ContainerOptions& options, const std::string& value) -> Result<void> {
    TRY(options.health.*member, parse_duration_option(value));
    return {};
  };
}

Result<void> set_pull(ContainerOptions& options, const std::string& value) {
  if (value != "always" && value != "missing" && value != "never")
    return refused(fmt::format("expected always, missing or never, found '{}'", value));
  options.pull =
      value == "always" ? PullPolicy::always : (value == "never" ? PullPolicy::never : PullPolicy::missing);
  return {};
}

Result<void> set_memory(ContainerOptions& options, const std::string& value) {
  TRY(options.limits.memory_bytes, ecr::parse_byte_size(value));
  return {};
}

Result<void> set_cpus(ContainerOptions& options, const std::string& value) {
  TRY(const double cores, parse_cpus(value));
  options.limits.cpu_millis = static_cast<std::uint32_t>(std::max(1.0, cores * 1000));
  return {};
}

Result<void> set_processes(ContainerOptions& options, const std::string& value) {
  const auto number = base::parse_integer(value);
  if (!number || *number < -1 || *number > 4'194'304)
    return refused(fmt::format("expected a number of processes, found '{}'", value));
  options.limits.processes = *number > 0 ? static_cast<std::uint32_t>(*number) : 0;
  return {};
}

Result<void> set_retries(ContainerOptions& options, const std::string& value) {
  const auto number = base::parse_integer(value);
  if (!number || *number < 0 || *number > 1'000'000)
    return refused(fmt::format("expected a number, found '{}'", value));
  options.health.retries = static_cast<int>(*number);
  return {};
}

Result<void> add_volume(ContainerOptions& options, const std::string& value) {
  TRY(auto volume, parse_volume(value));
  options.volumes.push_back(std::move(volume));
  return {};
}

Result<void> add_ports(ContainerOptions& options, const std::string& value) {
  TRY(const auto ports, parse_ports(value));
  options.ports.insert(options.ports.end(), ports.begin(), ports.end());
  return {};
}

Result<void> add_exposed(ContainerOptions& options, const std::string& value) {
  TRY(const auto ports, parse_ports(value));
  for (const auto& port : ports) {
    if (!port.udp) options.exposed.push_back(port.container);
  }
  return {};
}

Result<void> check_security(const std::string& value) {
  if (value == "no-new-privileges" || value == "no-new-privileges:true" || value == "no-new-privileges=true")
    return {};
  return refused(fmt::format("--security-opt {} is not supported: every container is confined here", value));
}

Result<void> check_own_platform(const std::string& value) {
  TRY(const auto wanted, ecr::parse_platform(value));
  if (ecr::platform_fits(wanted, ecr::host_platform())) return {};
  return refused(fmt::format("--platform {} is not supported here; this machine is {}", value,
                             ecr::to_string(ecr::host_platform())));
}

const std::map<std::string, SetOption>& options_with_value() {
  static const std::map<std::string, SetOption> kOptions = {
      {"user", text_option(&ContainerOptions::user)},
      {"workdir", text_option(&ContainerOptions::working_dir)},
      {"hostname", text_option(&ContainerOptions::hostname)},
      {"entrypoint", text_option(&ContainerOptions::entrypoint)},
      {"env", add_environment_option},
      {"add-host", add_host},
      {"tmpfs", add_tmpfs},
      {"ulimit", set_ulimit},
      {"memory", set_memory},
      {"cpus", set_cpus},
      {"pids-limit", set_processes},
      {"health-cmd",
       [](auto& options, const auto& value) -> Result<void> {
         options.health_command = {"CMD-SHELL", value};
         return {};
       }},
      {"health-interval", duration_option(&ecr::HealthCheck::interval_ns)},
      {"health-timeout", duration_option(&ecr::HealthCheck::timeout_ns)},
      {"health-start-period", duration_option(&ecr::HealthCheck::start_period_ns)},
      {"health-start-interval", duration_option(&ecr::HealthCheck::start_interval_ns)},
      {"health-retries", set_retries},
      {"volume", add_volume},
      {"mount", add_mount_option},
      {"publish", add_ports},
      {"expose", add_exposed},
      {"pull", set_pull},
      {"network-alias",
       [](auto& options, const auto& value) -> Result<void> {
         options.aliases.push_back(value);
         return {};
       }},
      // In a network of its own, a container is found by its name, too.
      {"name",
       [](auto& options, const auto& value) -> Result<void> {
         options.aliases.push_back(value);
         return {};
       }},
      {"cap-add", [](auto&, const auto& value) { return check_capability(value); }},
      {"security-opt", [](auto&, const auto& value) { return check_security(value); }},
      {"platform", [](auto&, const auto& value) { return check_own_platform(value); }},
      {"label",
       [](auto& options, const auto& value) -> Result<void> {
         const auto equals = value.find('=');
         options.labels[value.substr(0, equals)] =
             equals == std::string::npos ? "" : value.substr(equals + 1);
         return {};
       }},
      // Of `docker stop`; a service's end is SIGKILL, as on GitHub.
      {"stop-timeout", text_option(&ContainerOptions::stop_seconds)},
      {"stop-signal", text_option(&ContainerOptions::stop_signal)},
      // /dev/shm is larger than what is asked for.
      {"shm-size", [](auto&, const auto&) { return Result<void>(); }}};
  return kOptions;
}

const std::map<std::string, std::function<void(ContainerOptions&)>>& plain_options() {
  static const std::map<std::string, std::function<void(ContainerOptions&)>> kOptions = {
      {"read-only", [](auto& options) { options.read_only = true; }},
      {"publish-all", [](auto& options) { options.publish_all = true; }},
      {"no-healthcheck", [](auto& options) { options.no_health_check = true; }},
      // As everything here runs anyway: under an init that reaps, gone afterwards.
      {"init", [](auto&) {}},
      {"rm", [](auto&) {}},
      {"quiet", [](auto&) {}},
      {"interactive", [](auto&) {}}};
  return kOptions;
}

std::string long_name(char letter) {
  switch (letter) {
    case 'u':
      return "user";
    case 'w':
      return "workdir";
    case 'h':
      return "hostname";
    case 'e':
      return "env";
    case 'm':
      return "memory";
    case 'v':
      return "volume";
    case 'p':
      return "publish";
    case 'P':
      return "publish-all";
    case 'l':
      return "label";
    case 'i':
      return "interactive";
    case 'q':
      return "quiet";
    default:
      return std::string(1, letter);
  }
}

struct OptionWord {
  std::string shown;
  std::string name;
  std::optional<std::string> value;
};

OptionWord read_option_word(const std::string& word) {
  if (word.starts_with("--")) {
    const auto equals = word.find('=');
    OptionWord read{word.substr(0, equals), word.substr(2, equals == std::string::npos ? equals : equals - 2),
                    std::nullopt};
    if (equals != std::string::npos) read.value = word.substr(equals + 1);
    return read;
  }
  OptionWord read{word.substr(0, 2), long_name(word[1]), std::nullopt};
  if (word.size() > 2) read.value = word.substr(word[2] == '=' ? 3 : 2);
  return read;
}

}  // namespace

Result<VolumeMount> parse_volume(std::string_view text) {
  const auto parts = base::split(text, ':');
  VolumeMount volume;
  volume.target = parts.size() == 1 ? parts[0] : parts[1];
  if (parts.size() > 1) volume.source = parts[0];
  if (!volume.target.starts_with('/') || parts.size() > 3 || (parts.size() > 1 && parts[0].empty()))
    return refused(fmt::format("the volume '{}': expected [source:]/target[:ro]", text));
  if (parts.size() < 3) return volume;
  for (const auto& mode : base::split(parts[2], ',')) {
    if (mode == "ro") {
      volume.read_only = true;
    } else if (mode != "rw" && mode != "z" && mode != "Z" && mode != "cached" && mode != "delegated") {
      return refused(fmt::format("the volume '{}': the mode '{}' is not supported", text, mode));
    }
  }
  return volume;
}

Result<void> take_container_option(const std::vector<std::string>& words, std::size_t& at,
                                   ContainerOptions& options) {
  const auto word = read_option_word(words[at++]);
  if (const auto plain = plain_options().find(word.name); plain != plain_options().end()) {
    if (!word.value || *word.value == "true") plain->second(options);
    return {};
  }
  const auto found = options_with_value().find(word.name == "net-alias" ? "network-alias" : word.name);
  if (found == options_with_value().end()) {
    return refused(
        fmt::format("the option '{}' is not supported here; it would have to be ignored", word.shown));
  }
  if (!word.value && at == words.size())
    return refused(fmt::format("the option '{}' needs a value", word.shown));
  return found->second(options, word.value ? *word.value : words[at++])
      .while_doing("the option " + word.shown);
}

Result<ContainerOptions> parse_container_options(std::string_view text) {
  ContainerOptions options;
  TRY(const auto words, ecr::split_command_line(text));
  for (std::size_t i = 0; i < words.size();) {
    if (words[i].size() < 2 || words[i][0] != '-')
      return refused(fmt::format("expected an option, found '{}'", words[i]));
    TRY(take_container_option(words, i, options));
  }
  return options;
}

}  // namespace steps
