#include "steps/compose/carry_out.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <thread>

#include "base/crypto.h"
#include "base/strings.h"
#include "steps/compose/attached.h"
#include "steps/compose/creation.h"
#include "steps/compose/up.h"

namespace steps::compose {

namespace {

using base::Result;
using Services = std::vector<const Service*>;

void print(const std::string& text) {
  (void)base::write_all(STDOUT_FILENO, text).ok();
}

Result<void> to_both(FrameKind kind, std::string_view bytes) {
  return base::write_all(kind == FrameKind::output ? STDOUT_FILENO : STDERR_FILENO, bytes);
}

/// Of the services that are named, or of all; without those of `run` unless they are wanted, too.
enum class OneOffs { left_out, counted };
Result<std::vector<Container>> chosen(const Project& project, const CommandLine& line, OneOffs one_offs) {
  for (const auto& name : line.services) {
    if (!project.file.services.contains(name)) return base::invalid_input("no such service: " + name);
  }
  TRY(auto all, containers_of(project.name));
  std::erase_if(all, [&](const Container& container) {
    const bool named = line.services.empty() || std::find(line.services.begin(), line.services.end(),
                                                          container.service) != line.services.end();
    return !named || (container.one_off && one_offs == OneOffs::left_out);
  });
  return all;
}

Result<Container> container_of_service(const Project& project, const CommandLine& line) {
  TRY(const auto found, chosen(project, line, OneOffs::left_out));
  for (const auto& container : found) {
    if (container.runs()) return container;
  }
  return base::invalid_input(fmt::format("service \"{}\" is not running", line.services[0]));
}

Result<void> stop_all(const std::vector<Container>& containers, const CommandLine& line) {
  for (const auto& container : containers) {
    if (!container.runs()) continue;
    Asked asked{.arguments = {"stop"}};
    if (!line.seconds.empty()) asked.arguments.push_back("--time=" + line.seconds);
    asked.arguments.push_back(container.id);
    TRY(output_of(asked));
    tell("Container", container.name, "Stopped");
  }
  return {};
}

Result<void> remove_all(const std::vector<Container>& containers) {
  for (const auto& container : containers) {
    TRY(output_of({.arguments = {"rm", "-f", container.id}}));
    tell("Container", container.name, "Removed");
  }
  return {};
}

/// Those that others depend on come last.
void sort_for_the_end(const Project& project, std::vector<Container>& containers) {
  const auto order = services_in_order(project.file, {}, {"*"});
  if (!order) return;
  const auto place = [&](const Container& container) {
    return std::find_if(order->begin(), order->end(),
                        [&](const Service* service) { return service->name == container.service; });
  };
  std::stable_sort(containers.begin(), containers.end(),
                   [&](const auto& a, const auto& b) { return place(a) > place(b); });
}

Result<void> remove_orphans(const Project& project) {
  TRY(auto containers, containers_of(project.name));
  std::erase_if(containers, [&](const Container& container) {
    return project.file.services.contains(container.service);
  });
  return remove_all(containers);
}

Result<int> up(const Project& project, const CommandLine& line) {
  TRY(auto services, services_in_order(project.file, line.services, project.profiles));
  if (line.no_dependencies) {
    std::erase_if(services, [&](const Service* service) {
      return std::find(line.services.begin(), line.services.end(), service->name) == line.services.end();
    });
  }
  if (services.empty()) return base::invalid_input("no service selected");
  if (!line.exit_code_from.empty() && !project.file.services.contains(line.exit_code_from))
    return base::invalid_input("no such service: " + line.exit_code_from);
  if (line.remove_orphans) TRY(remove_orphans(project));
  TRY(start_services(project, line, services));
  if (line.wait) TRY(wait_until_up(project, line, services));
  if (line.detach) return 0;
  return stay_attached(project, line, services);
}

Result<int> down(const Project& project, const CommandLine& line) {
  TRY(auto containers, chosen(project, line, OneOffs::counted));
  if (!line.remove_orphans) {
    std::erase_if(containers, [&](const Container& container) {
      return !project.file.services.contains(container.service);
    });
  }
  sort_for_the_end(project, containers);
  TRY(stop_all(containers, line));
  TRY(remove_all(containers));
  if (!line.services.empty()) return 0;
  TRY(const auto listed, output_of({.arguments = {"network", "ls", "-q"}}));
  std::vector<std::string> networks{"default"};
  for (const auto& [name, shared] : project.file.networks) {
    if (!shared.external && name != "default") networks.push_back(name);
  }
  for (const auto& name : networks) {
    const auto outside = project.network_name(name);
    const auto lines = base::lines_of(listed);
    if (std::find(lines.begin(), lines.end(), outside) == lines.end()) continue;
    TRY(output_of({.arguments = {"network", "rm", outside}}));
    tell("Network", outside, "Removed");
  }
  for (const auto& [name, shared] : project.file.volumes) {
    if (!line.volumes || shared.external) continue;
    if (output_of({.arguments = {"volume", "rm", project.volume_name(name)}}))
      tell("Volume", project.volume_name(name), "Removed");
  }
  for (const auto& [name, service] : project.file.services) {
    const bool wanted =
        line.remove_images == "all" || (line.remove_images == "local" && service.image.empty());
    if (wanted && output_of({.arguments = {"rmi", project.image_name(service)}}))
      tell("Image", project.image_name(service), "Removed");
  }
  return 0;
}

Result<int> list(const Project& project, const CommandLine& line) {
  TRY(auto containers, chosen(project, line, OneOffs::left_out));
  std::erase_if(containers, [&](const Container& container) {
    if (!line.statuses.empty()) {
      return std::find(line.statuses.begin(), line.statuses.end(), container.status) == line.statuses.end();
    }
    return !line.all && !container.runs();
  });
  if (line.quiet || line.names_only) {
    std::set<std::string> names;
    for (const auto& container : containers) {
      if (line.quiet) print(container.id + "\n");
      names.insert(container.service);
    }
    for (const auto& name : names) {
      if (line.names_only) print(name + "\n");
    }
    return 0;
  }
  if (!line.format.empty() && line.format != "json" && line.format != "table")
    return base::invalid_input(
        fmt::format("docker compose ps: expected --format json or table, found '{}'", line.format));
  if (line.format != "json")
    print(fmt::format("{:<30} {:<30} {:<20} {:<34} {}\n", "NAME", "IMAGE", "SERVICE", "STATUS", "PORTS"));
  for (const auto& container : containers) {
    TRY(const auto text, output_of({.arguments = {"ps", "-a", "--no-trunc", "--filter=id=" + container.id,
                                                  "--format={{json .}}"}}));
    TRY(auto row, base::parse_json(text));
    const auto field = [&row](const char* name) { return base::json_string(row, name); };
    if (line.format == "json") {
      row["Name"] = container.name;
      row["Service"] = container.service;
      row["Project"] = project.name;
      row["Health"] = container.health;
      row["ExitCode"] = container.exit_code;
      print(base::to_text(row) + "\n");
    } else {
      print(fmt::format("{:<30} {:<30} {:<20} {:<34} {}\n", container.name, field("Image"), container.service,
                        field("Status"), field("Ports")));
    }
  }
  return 0;
}

Result<int> logs(const Project& project, const CommandLine& line) {
  TRY(const auto containers, chosen(project, line, OneOffs::left_out));
  const LogPrinter printer(line, containers);
  if (!line.follow) {
    for (const auto& container : containers) TRY(printer.print(container, LogPrinter::Follow::no));
    return 0;
  }
  std::vector<std::jthread> followers;
  for (const auto& container : containers) {
    followers.emplace_back(
        [&printer, &container] { (void)printer.print(container, LogPrinter::Follow::yes).ok(); });
  }
  return 0;
}

Result<int> execute(const Project& project, const CommandLine& line) {
  TRY(const auto container, container_of_service(project, line));
  Asked asked{.arguments = {"exec", "-i"}};
  if (line.detach) asked.arguments.emplace_back("-d");
  asked.arguments.insert(asked.arguments.end(), line.passed.begin(), line.passed.end());
  asked.arguments.push_back(container.id);
  asked.arguments.insert(asked.arguments.end(), line.command.begin(), line.command.end());
  return ask(asked, to_both);
}

Result<int> run(const Project& project, const CommandLine& line) {
  TRY(auto services, services_in_order(project.file, line.services, project.profiles));
  const Service& service = *services.back();
  services.pop_back();
  if (line.no_dependencies) services.clear();
  TRY(start_services(project, line, services));
  // The last of those that it waits for may still be on its way.
  TRY(wait_for_dependencies(project, service, services));
  TRY(prepare_images(project, line, {&service}));
  TRY(prepare_networks(project, {&service}));
  OneOff one_off{
      .name = line.name, .options = line.passed, .command = line.command, .with_ports = line.service_ports};
  if (one_off.name.empty())
    one_off.name =
        fmt::format("{}-{}-run-{}", project.name, service.name, base::to_hex(base::random_bytes(6)));
  one_off.options.emplace_back(line.detach ? "-d" : "-i");
  if (line.remove) one_off.options.emplace_back("--rm");
  TRY(const auto creation, compose::creation(project, service, "run", &one_off));
  return ask(creation, to_both);
}

Result<int> restart(const Project& project, const CommandLine& line) {
  TRY(auto containers, chosen(project, line, OneOffs::left_out));
  sort_for_the_end(project, containers);
  if (line.verb == Verb::restart) TRY(stop_all(containers, line));
  std::reverse(containers.begin(), containers.end());
  for (const auto& container : containers) {
    TRY(output_of({.arguments = {"start", container.id}}));
    tell("Container", container.name, "Started");
  }
  return 0;
}

Result<int> end(const Project& project, const CommandLine& line) {
  TRY(auto containers, chosen(project, line, OneOffs::counted));
  sort_for_the_end(project, containers);
  if (line.verb == Verb::stop || (line.verb == Verb::rm && line.stop_first)) TRY(stop_all(containers, line));
  if (line.verb == Verb::rm) {
    std::erase_if(containers,
                  [&](const Container& container) { return container.runs() && !line.stop_first; });
    TRY(remove_all(containers));
  }
  for (const auto& container : containers) {
    if (line.verb != Verb::kill || !container.runs()) continue;
    TRY(output_of(
        {.arguments = {"kill", "--signal=" + (line.signal.empty() ? "KILL" : line.signal), container.id}}));
    tell("Container", container.name, "Killed");
  }
  return 0;
}

Result<int> images(const Project& project, const CommandLine& line) {
  TRY(const auto services, services_in_order(project.file, line.services, project.profiles));
  CommandLine asked = line;
  asked.build = line.verb == Verb::build;
  asked.pull = line.verb == Verb::pull ? "always" : "";
  asked.no_build = line.verb == Verb::pull;
  Services own;
  for (const Service* service : services) {
    const bool named = line.services.empty() || std::find(line.services.begin(), line.services.end(),
                                                          service->name) != line.services.end();
    if (named && (line.verb == Verb::pull || service->build)) own.push_back(service);
  }
  TRY(prepare_images(project, asked, own));
  return 0;
}

Result<int> config(const Project& project, const CommandLine& line) {
  TRY(const auto services, services_in_order(project.file, line.services, project.profiles));
  for (const Service* service : services) {
    if (line.names_only) print(service->name + "\n");
    if (line.images_only) print(project.image_name(*service) + "\n");
  }
  if (line.quiet || line.names_only || line.images_only) return 0;
  return base::invalid_input("docker compose config: only -q, --services and --images are supported here");
}

}  // namespace

Result<int> carry_out(const Project& project, const CommandLine& line) {
  switch (line.verb) {
    case Verb::up:
      return up(project, line);
    case Verb::down:
      return down(project, line);
    case Verb::ps:
      return list(project, line);
    case Verb::logs:
      return logs(project, line);
    case Verb::exec:
      return execute(project, line);
    case Verb::run:
      return run(project, line);
    case Verb::start:
    case Verb::restart:
      return restart(project, line);
    case Verb::stop:
    case Verb::kill:
    case Verb::rm:
      return end(project, line);
    case Verb::build:
    case Verb::pull:
      return images(project, line);
    case Verb::config:
      return config(project, line);
    case Verb::port: {
      TRY(const auto container, container_of_service(project, line));
      return ask({.arguments = {"port", container.id, line.command[0]}}, to_both);
    }
    case Verb::version:
      break;
  }
  return 0;
}

}  // namespace steps::compose
