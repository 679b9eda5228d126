#include "cli/job_settings.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/files.h"
#include "base/similar_name.h"
#include "base/strings.h"
#include "cli/run_inputs.h"
#include "workflow/lint/config.h"
#include "workflow/yaml_reader.h"

namespace cli {

namespace {

using workflow::Node;

constexpr std::size_t kLargestConfig = 1U << 20;
constexpr double kMostCores = 4096;

/// What was said, and where: "--memory", or "limits.memory in .pipeline.yml".
struct Given {
  std::string text;
  std::string where;
};

base::Error wrong(const Given& given, std::string_view expected) {
  return base::make_error(base::ErrorKind::invalid_input,
                          fmt::format("{}: expected {}, found '{}'", given.where, expected, given.text));
}

base::Result<std::uint64_t> size_of(const Given& given) {
  auto size = parse_size(given.text);
  if (!size) return wrong(given, "a size like 512m or 2g");
  return size;
}

base::Result<std::uint32_t> count_of(const Given& given) {
  if (given.text.empty()) return 0U;
  const auto count = base::parse_integer(given.text);
  if (!count || *count < 1 || *count > INT32_MAX) return wrong(given, "a number above 0");
  return static_cast<std::uint32_t>(*count);
}

base::Result<std::uint32_t> cores_of(const Given& given) {
  if (given.text.empty()) return 0U;
  char* end = nullptr;
  const double cores = std::strtod(given.text.c_str(), &end);
  // Below a hundredth of a core the kernel takes no quota.
  if (*end != 0 || !(cores >= 0.01) || cores > kMostCores)
    return wrong(given, "a number of cores like 2 or 0.5");
  return static_cast<std::uint32_t>(std::lround(cores * 1000));
}

base::Result<std::chrono::milliseconds> time_of(const Given& given) {
  if (given.text.empty()) return std::chrono::milliseconds(0);
  const std::string units = "smh";
  constexpr std::int64_t kMilliseconds[] = {1000, 60'000, 3'600'000};
  const auto unit = units.find(given.text.back());
  const auto number = base::parse_integer(std::string_view(given.text).substr(0, given.text.size() - 1));
  if (unit == std::string::npos || !number || *number < 1 || *number > 1'000'000)
    return wrong(given, "a time like 90s, 30m or 2h");
  return std::chrono::milliseconds(*number * kMilliseconds[unit]);
}

/// The file's own settings; empty when there is none.
base::Result<Node> read_settings(const base::Path& root) {
  const auto directory = base::open_directory(root);
  if (!directory) return Node{};
  const auto file =
      base::open_beneath(directory->get(), workflow::lint::kConfigFile, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (!file) return Node{};
  TRY(const auto text, base::read_all(file->get(), kLargestConfig));
  workflow::Diagnostics problems;
  Node node = workflow::read_yaml(workflow::lint::kConfigFile, text, problems);
  if (!problems.empty()) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("{}:{}: {}", workflow::lint::kConfigFile, problems[0].location.line,
                                        problems[0].message));
  }
  return node;
}

/// `none`, `host`, `audit`, or `allow:` with a list, as the flag would say it.
base::Result<Given> network_setting(const Node& node) {
  const std::string where = fmt::format("network in {}:{}", workflow::lint::kConfigFile, node.line);
  if (node.is_scalar()) return Given{workflow::text_of(node), where};
  const auto& hosts = node["allow"];
  if (!node.is_mapping() || node.members.size() != 1 || !hosts.is_sequence()) {
    return base::make_error(base::ErrorKind::invalid_input,
                            where + ": expected none, host, audit, or `allow:` with a list of HOST:PORT");
  }
  std::vector<std::string> names;
  for (const auto& host : hosts.items) names.push_back(workflow::text_of(host));
  return Given{"allow=" + base::join(names, ","), where};
}

class LimitSettings {
 public:
  static base::Result<LimitSettings> read(const Node& node) {
    const std::vector<std::string> known{"memory", "cpus", "disk", "processes", "open-files", "time"};
    if (node.present() && node.kind != workflow::NodeKind::null && !node.is_mapping()) {
      return base::make_error(base::ErrorKind::invalid_input,
                              fmt::format("limits in {}:{}: expected a mapping of {}",
                                          workflow::lint::kConfigFile, node.line, base::join(known, ", ")));
    }
    for (const auto& [key, value] : node.members) {
      if (std::find(known.begin(), known.end(), key.text) != known.end()) continue;
      return base::make_error(
          base::ErrorKind::invalid_input,
          fmt::format("limits in {}:{}: unknown key '{}', expected {}", workflow::lint::kConfigFile, key.line,
                      key.text, base::join(known, ", ")));
    }
    return LimitSettings(node);
  }
  /// The flag's text, else the file's.
  [[nodiscard]] Given pick(const std::string& flag, const char* flag_name, const char* key) const {
    if (!flag.empty()) return {flag, flag_name};
    const auto& node = node_[key];
    return {node.is_scalar() ? workflow::text_of(node) : "",
            fmt::format("limits.{} in {}:{}", key, workflow::lint::kConfigFile, node.line)};
  }

 private:
  explicit LimitSettings(const Node& node) : node_(node) {}
  const Node& node_;
};

std::string text_of_count(unsigned count) {
  return count == 0 ? "" : std::to_string(count);
}

}  // namespace

base::Result<std::chrono::milliseconds> parse_time_limit(const std::string& text, const std::string& where) {
  return time_of({text, where});
}

base::Result<void> apply_job_settings(const RunFlags& flags, runner::RunOptions& options) {
  for (const auto isolation : {runner::Isolation::none, runner::Isolation::landlock}) {
    if (flags.sandbox == runner::to_string(isolation)) options.isolation = isolation;
  }
  options.docker = flags.docker == "host" ? steps::DockerMode::host : steps::DockerMode::builtin;
  options.no_builtin = flags.no_builtin;
  TRY(const auto settings, read_settings(options.repository.work_tree));
  Given network{flags.network, "--network"};
  if (flags.network.empty() && settings["network"].present()) {
    TRY(network, network_setting(settings["network"]));
  }
  auto policy = runner::parse_network_policy(network.text.empty() ? "host" : network.text);
  if (!policy) return std::move(policy).error().while_doing("reading " + network.where);
  options.network = std::move(*policy);
  if (options.isolation != runner::Isolation::namespaces &&
      options.network.rule != runner::NetworkRule::host) {
    return base::make_error(
        base::ErrorKind::invalid_input,
        fmt::format("{}: without namespaces there is no network of the job's own; leave out {}, or say "
                    "--network host",
                    network.where, runner::flag_of(options.isolation)));
  }
  if (options.isolation == runner::Isolation::landlock && options.docker == steps::DockerMode::host) {
    return base::make_error(base::ErrorKind::invalid_input,
                            "--docker host: the engine's socket is out of reach of steps that are held by "
                            "landlock alone; leave out --sandbox landlock");
  }
  TRY(const auto given, LimitSettings::read(settings["limits"]));
  auto& limits = options.limits;
  TRY(limits.memory_bytes, size_of(given.pick(flags.memory, "--memory", "memory")));
  TRY(limits.disk_bytes, size_of(given.pick(flags.disk, "--disk", "disk")));
  TRY(limits.cpu_millis, cores_of(given.pick(flags.cpus, "--cpus", "cpus")));
  TRY(limits.processes, count_of(given.pick(text_of_count(flags.processes), "--processes", "processes")));
  TRY(limits.open_files, count_of(given.pick(text_of_count(flags.open_files), "--open-files", "open-files")));
  TRY(options.time_limit, time_of(given.pick(flags.time_limit, "--time-limit", "time")));
  if (options.isolation == runner::Isolation::none && !(limits == sandbox::Limits{})) {
    return base::make_error(
        base::ErrorKind::invalid_input,
        "without a sandbox there are no limits of memory, cores, processes, files or disk; leave "
        "them out, or --sandbox none");
  }
  return {};
}

}  // namespace cli
