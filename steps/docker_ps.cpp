#include "steps/docker_ps.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/clock.h"
#include "base/json.h"
#include "base/strings.h"
#include "steps/docker_rows.h"
#include "steps/text_pattern.h"

namespace steps {

namespace {

using base::Result;

constexpr std::size_t kShownId = 12;

std::string_view name_of(ContainerPhase phase) {
  switch (phase) {
    case ContainerPhase::created:
      return "created";
    case ContainerPhase::running:
      return "running";
    case ContainerPhase::exited:
      return "exited";
  }
  return "";
}

std::string ago(base::WallTime then) {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(base::system_clock().now() - then).count();
  if (seconds < 1) return "Less than a second";
  return seconds < 120 ? fmt::format("{} seconds", seconds) : fmt::format("{} minutes", seconds / 60);
}

std::string_view name_of(ecr::Health health) {
  switch (health) {
    case ecr::Health::starting:
      return "starting";
    case ecr::Health::healthy:
      return "healthy";
    case ecr::Health::unhealthy:
      return "unhealthy";
  }
  return "";
}

std::string status_of(const ContainerState& state) {
  switch (state.phase) {
    case ContainerPhase::created:
      return "Created";
    case ContainerPhase::running:
      if (!state.health) return "Up " + ago(state.started);
      return fmt::format("Up {} ({}{})", ago(state.started),
                         *state.health == ecr::Health::starting ? "health: " : "", name_of(*state.health));
    case ContainerPhase::exited:
      return fmt::format("Exited ({}) {} ago", state.exit_code, ago(state.finished));
  }
  return "";
}

std::string ports_of(const DockerContainer& container) {
  std::vector<std::string> shown;
  for (const auto& [inside, outside] : container.ports())
    shown.push_back(fmt::format("127.0.0.1:{}->{}/tcp", outside, inside));
  return base::join(shown, ", ");
}

std::string quoted_command(const DockerContainer& container, bool whole) {
  auto text = base::join(container.program().argv, " ");
  constexpr std::size_t kShown = 19;
  if (!whole && text.size() > kShown) text = std::string(base::clipped(text, kShown)) + "…";
  return "\"" + text + "\"";
}

std::map<std::string, std::string> labels_of(const DockerContainer& container) {
  auto labels = container.requested().options.labels;
  labels.merge(std::map(container.requested().found.config.labels));
  return labels;
}

// `name` or `name=value`
bool has_label(const DockerContainer& container, const std::string& wanted) {
  const auto equals = wanted.find('=');
  const auto labels = labels_of(container);
  const auto found = labels.find(wanted.substr(0, equals));
  return found != labels.end() && (equals == std::string::npos || found->second == wanted.substr(equals + 1));
}

std::string shown_labels(const DockerContainer& container) {
  std::vector<std::string> shown;
  for (const auto& [name, value] : labels_of(container)) shown.push_back(name + "=" + value);
  return base::join(shown, ",");
}

/// Of several values of one filter one is enough; of several filters all are needed.
class ContainerFilters {
 public:
  static Result<ContainerFilters> parse(const std::vector<std::string>& texts) {
    ContainerFilters filters;
    for (const auto& text : texts) {
      const auto equals = text.find('=');
      const auto key = text.substr(0, equals);
      const auto value = equals == std::string::npos ? "" : text.substr(equals + 1);
      static const std::vector<std::string> kKnown = {"name",     "id",    "status", "exited",
                                                      "ancestor", "label", "health", "network"};
      if (std::find(kKnown.begin(), kKnown.end(), key) == kKnown.end()) {
        return base::invalid_input(fmt::format(
            "docker ps: the filter '{}' is not supported here; what is: {}", key, base::join(kKnown, ", ")));
      }
      if (key == "name") {
        TRY(auto pattern, TextPattern::compile(value));
        filters.names_.push_back(std::move(pattern));
      }
      filters.values_[key].push_back(value);
    }
    return filters;
  }

  /// Whether containers that do not run are meant, too.
  [[nodiscard]] bool ask_for_state() const {
    return values_.contains("status") || values_.contains("exited");
  }

  [[nodiscard]] bool pass(const DockerContainer& container) const {
    return std::all_of(values_.begin(), values_.end(), [&](const auto& filter) {
      if (filter.first == "name") return has_name(container);
      return std::any_of(filter.second.begin(), filter.second.end(),
                         [&](const std::string& value) { return fits(container, filter.first, value); });
    });
  }

 private:
  /// Docker's names have a slash before them, which `^` of a pattern may count with or not.
  [[nodiscard]] bool has_name(const DockerContainer& container) const {
    return std::any_of(names_.begin(), names_.end(), [&](const TextPattern& pattern) {
      return pattern.search(container.name()).match || pattern.search("/" + container.name()).match;
    });
  }

  static bool fits(const DockerContainer& container, const std::string& key, const std::string& value) {
    const auto state = container.state();
    if (key == "id") return container.id().starts_with(value);
    if (key == "status") return name_of(state.phase) == value;
    if (key == "exited")
      return state.phase == ContainerPhase::exited && std::to_string(state.exit_code) == value;
    if (key == "ancestor") return container.requested().image == value;
    if (key == "label") return has_label(container, value);
    if (key == "network") return container.requested().is_in(value);
    return state.health ? name_of(*state.health) == value : value == "none";
  }

  std::map<std::string, std::vector<std::string>> values_;
  std::vector<TextPattern> names_;
};

std::string iso_time(base::WallTime time) {
  return time == base::WallTime() ? "0001-01-01T00:00:00Z" : base::format_iso8601(time);
}

base::Json titles_of_containers() {
  return {{"ID", "CONTAINER ID"},      {"Image", "IMAGE"},        {"Command", "COMMAND"},
          {"CreatedAt", "CREATED AT"}, {"RunningFor", "CREATED"}, {"Status", "STATUS"},
          {"State", "STATE"},          {"Ports", "PORTS"},        {"Networks", "NETWORKS"},
          {"Labels", "LABELS"},        {"Names", "NAMES"}};
}

/// How many are shown at most. A negative number is all of them, as with docker.
Result<std::size_t> most_shown(const std::string& newest) {
  const auto number = base::parse_integer(newest.empty() ? "-1" : newest);
  if (!number)
    return base::invalid_input(fmt::format("docker ps: -n: expected a number, found '{}'", newest));
  return *number < 0 ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(*number);
}

}  // namespace

Result<DockerAnswer> docker_ps(const DockerCall& call) {
  const auto& command = call.command;
  const bool whole = command.whole;
  const bool table = !command.quiet && command.format.empty();
  if (table) {
    call.print(fmt::format("{:<14} {:<30} {:<24} {:<22} {:<30} {:<30} {}\n", "CONTAINER ID", "IMAGE",
                           "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"));
  }
  FormattedRows formatted(call, titles_of_containers());
  TRY(const auto filters, ContainerFilters::parse(command.filters));
  TRY(auto left, most_shown(command.newest));
  auto containers = call.containers->list();
  std::reverse(containers.begin(), containers.end());
  for (const auto& container : containers) {
    const auto state = container->state();
    const bool any_phase = command.all || !command.newest.empty() || filters.ask_for_state();
    const bool shown = any_phase || state.phase == ContainerPhase::running;
    if (left == 0 || !shown || !filters.pass(*container)) continue;
    --left;
    const auto id = whole ? container->id() : container->id().substr(0, kShownId);
    const base::Json row = {{"ID", id},
                            {"Image", container->requested().image},
                            {"Command", quoted_command(*container, whole)},
                            {"CreatedAt", iso_time(state.created)},
                            {"RunningFor", ago(state.created) + " ago"},
                            {"Status", status_of(state)},
                            {"State", name_of(state.phase)},
                            {"Ports", ports_of(*container)},
                            {"Networks", base::join(container->requested().networks, ",")},
                            {"Labels", shown_labels(*container)},
                            {"Names", container->name()}};
    if (command.quiet) {
      call.print(id + "\n");
    } else if (!table) {
      TRY(formatted.add(row));
    } else {
      call.print(fmt::format("{:<14} {:<30} {:<24} {:<22} {:<30} {:<30} {}\n", id,
                             container->requested().image, quoted_command(*container, whole),
                             ago(state.created) + " ago", status_of(state), ports_of(*container),
                             container->name()));
    }
  }
  TRY(formatted.finish());
  return DockerAnswer{};
}

Result<DockerAnswer> docker_logs(const DockerCall& call) {
  TRY(const auto container, call.containers->find(call.command.operands[0]));
  auto& log = container->log();
  std::uint64_t position = 0;
  if (!call.command.tail.empty() && call.command.tail != "all") {
    const auto lines = base::parse_integer(call.command.tail);
    if (!lines || *lines < 0)
      return base::invalid_input(
          fmt::format("docker logs: --tail: expected a number, found '{}'", call.command.tail));
    position = log.position_of_last(static_cast<std::size_t>(*lines));
  }
  const auto end_of_now = log.size();
  while (!call.stop.stop_requested()) {
    if (!call.command.follow && position >= end_of_now) break;
    const auto pieces = log.read(position, call.stop);
    if (pieces.empty()) break;
    for (const auto& piece : pieces)
      piece.stream == ContainerLog::Stream::output ? call.print(piece.bytes) : call.complain(piece.bytes);
  }
  return DockerAnswer{};
}

Result<DockerAnswer> docker_port(const DockerCall& call) {
  TRY(const auto container, call.containers->find(call.command.operands[0]));
  const auto ports = container->ports();
  if (call.command.operands.size() == 1) {
    for (const auto& [inside, outside] : ports)
      call.print(fmt::format("{}/tcp -> 127.0.0.1:{}\n", inside, outside));
    return DockerAnswer{};
  }
  const auto& wanted = call.command.operands[1];
  const auto number = base::parse_integer(wanted.substr(0, wanted.find('/')));
  const auto found = number ? ports.find(static_cast<std::uint16_t>(*number)) : ports.end();
  if (found == ports.end())
    return base::invalid_input(
        fmt::format("Error: No public port '{}' published for {}", wanted, container->name()));
  call.print(fmt::format("127.0.0.1:{}\n", found->second));
  return DockerAnswer{};
}

base::Json describe_container(const DockerContainer& container) {
  const auto state = container.state();
  const auto& requested = container.requested();
  base::Json ports = base::Json::object();
  for (const auto& [inside, outside] : container.ports()) {
    ports[fmt::format("{}/tcp", inside)] =
        base::Json::array({{{"HostIp", "127.0.0.1"}, {"HostPort", std::to_string(outside)}}});
  }
  base::Json environment = base::Json::array();
  for (const auto& [name, value] : container.program().environment) environment.push_back(name + "=" + value);
  const auto self = container.as_neighbour();
  base::Json networks = base::Json::object();
  for (const auto& network : requested.networks) {
    networks[network] = {{"Aliases", self.names},
                         {"IPAddress", is_own_network(network) ? self.address : "127.0.0.1"}};
  }
  base::Json now = {
      {"Status", name_of(state.phase)},       {"Running", state.phase == ContainerPhase::running},
      {"ExitCode", state.exit_code},          {"Error", state.failure},
      {"StartedAt", iso_time(state.started)}, {"FinishedAt", iso_time(state.finished)}};
  if (state.health)
    now["Health"] = {{"Status", name_of(*state.health)}, {"FailingStreak", state.health_failures}};
  return {{"Id", container.id()},
          {"Created", iso_time(state.created)},
          {"Name", "/" + container.name()},
          {"Image", requested.found.manifest.config.digest.to_string()},
          {"State", std::move(now)},
          {"Config",
           {{"Image", requested.image},
            {"Hostname", container.plan().hostname},
            {"Env", std::move(environment)},
            {"Cmd", container.program().argv},
            {"WorkingDir", container.program().directory},
            {"User", container.program().user},
            {"Labels", labels_of(container)}}},
          {"NetworkSettings",
           {{"IPAddress", "127.0.0.1"}, {"Ports", std::move(ports)}, {"Networks", std::move(networks)}}}};
}

}  // namespace steps
