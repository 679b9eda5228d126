#include "steps/docker_ps.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/json.h"
#include "base/strings.h"

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

Result<bool> passes(const DockerContainer& container, const std::vector<std::string>& filters) {
  for (const auto& filter : filters) {
    const auto equals = filter.find('=');
    const auto key = filter.substr(0, equals);
    const auto value = equals == std::string::npos ? "" : filter.substr(equals + 1);
    bool passed = false;
    if (key == "name") {
      passed = container.name().find(value) != std::string::npos;
    } else if (key == "id") {
      passed = container.id().starts_with(value);
    } else if (key == "status") {
      passed = name_of(container.state().phase) == value;
    } else if (key == "ancestor") {
      passed = container.requested().image == value;
    } else if (key == "label") {
      passed = has_label(container, value);
    } else if (key == "health") {
      const auto health = container.state().health;
      passed = health ? name_of(*health) == value : value == "none";
    } else if (key == "network") {
      passed = container.requested().is_in(value);
    } else {
      return base::invalid_input(fmt::format(
          "docker ps: the filter '{}' is not supported here; what is: name, id, status, ancestor, "
          "label, health, network",
          key));
    }
    if (!passed) return false;
  }
  return true;
}

std::string iso_time(base::WallTime time) {
  return time == base::WallTime() ? "0001-01-01T00:00:00Z" : base::format_iso8601(time);
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
  auto containers = call.containers->list();
  std::reverse(containers.begin(), containers.end());
  for (const auto& container : containers) {
    const auto state = container->state();
    TRY(const bool passed, passes(*container, command.filters));
    const bool shown = command.all || state.phase == ContainerPhase::running || !command.filters.empty();
    if (!passed || !shown) continue;
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
      TRY(print_row(call, row));
    } else {
      call.print(fmt::format("{:<14} {:<30} {:<24} {:<22} {:<30} {:<30} {}\n", id,
                             container->requested().image, quoted_command(*container, whole),
                             ago(state.created) + " ago", status_of(state), ports_of(*container),
                             container->name()));
    }
  }
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
