#include "steps/compose/up.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "base/strings.h"
#include "steps/compose/creation.h"

namespace steps::compose {

namespace {

using base::Result;
using std::chrono::milliseconds;
using Services = std::vector<const Service*>;

constexpr milliseconds kBetweenLooks{100};

base::Error failed(const std::string& what) {
  return base::make_error(base::ErrorKind::remote, what);
}

const Container* container_of(const std::vector<Container>& containers, const std::string& service) {
  const auto found = std::find_if(containers.begin(), containers.end(), [&](const Container& container) {
    return container.service == service && !container.one_off;
  });
  return found == containers.end() ? nullptr : &*found;
}

/// Whether a container is as a dependent wants it; an Error when it never will be.
Result<bool> fulfils(const Container& container, Condition condition) {
  const bool ended = container.status == "exited";
  switch (condition) {
    case Condition::started:
      return container.runs() || ended;
    case Condition::healthy:
      if (ended) return failed(fmt::format("container {} exited ({})", container.name, container.exit_code));
      if (container.health == "unhealthy")
        return failed(fmt::format("container {} is unhealthy", container.name));
      if (container.runs() && container.health.empty())
        return failed(fmt::format("container {} has no healthcheck configured", container.name));
      return container.health == "healthy";
    case Condition::completed:
      if (ended && container.exit_code != 0) {
        return failed(fmt::format("service \"{}\" didn't complete successfully: exit {}", container.service,
                                  container.exit_code));
      }
      return ended;
  }
  return false;
}

Result<std::string> image_id_of(const std::string& image) {
  return output_of({.arguments = {"images", "-q", image}});
}

bool is_here(const std::string& image) {
  const auto id = image_id_of(image);
  return id && !id->empty();
}

/// The container of one service: kept, started again or made anew.
class ServiceStart {
 public:
  ServiceStart(const Project& project, const CommandLine& line, const Service& service)
      : project_(project), line_(line), service_(service), name_(project.container_name(service)) {}

  Result<void> carry_out(const Container* known) {
    TRY(auto creation, compose::creation(project_, service_, "create"));
    const auto image = image_id_of(project_.image_name(service_));
    const auto digest = digest_of(creation, image ? *image : "");
    const bool same = known != nullptr && (line_.keep || (known->digest == digest && !line_.recreate));
    if (!same) {
      if (known != nullptr) TRY(output_of({.arguments = {"rm", "-f", known->id}}));
      // Before the image, which stands behind all options.
      auto& words = creation.arguments;
      words.insert(words.begin() + 1, fmt::format("--label={}={}", kDigestLabel, digest));
      TRY(make(creation));
      tell("Container", name_, known == nullptr ? "Created" : "Recreated");
    } else if (known->runs()) {
      tell("Container", name_, "Running");
      return {};
    }
    if (line_.no_start) return {};
    TRY(output_of({.arguments = {"start", name_}}));
    tell("Container", name_, "Started");
    return {};
  }

 private:
  // What a pull says is shown as it comes.
  static Result<void> make(const Asked& creation) {
    TRY(const int code, ask(creation, [](FrameKind kind, std::string_view bytes) -> Result<void> {
          return kind == FrameKind::error ? base::write_all(STDERR_FILENO, bytes) : Result<void>();
        }));
    return code == 0 ? Result<void>() : failed("the container could not be made");
  }

  const Project& project_;
  const CommandLine& line_;
  const Service& service_;
  const std::string name_;
};

/// An Error when one of them never will be.
Result<bool> dependencies_are_up(const Service& service, const std::set<std::string>& started,
                                 const std::vector<Container>& containers) {
  for (const auto& [name, dependency] : service.depends_on) {
    const Container* container = container_of(containers, name);
    if (!started.contains(name)) continue;
    if (container == nullptr) return false;
    auto fulfilled = fulfils(*container, dependency.condition);
    if (!fulfilled && dependency.required)
      return failed("dependency failed to start: " + fulfilled.error().message);
    if (fulfilled && !*fulfilled) return false;
  }
  return true;
}

/// Services that are not started yet, and those of them that may be.
class Waiting {
 public:
  Waiting(const Project& project, const CommandLine& line, const Services& services)
      : project_(project), line_(line), waiting_(services) {
    for (const Service* service : services) wanted_.insert(service->name);
  }

  Result<void> carry_out() {
    while (!waiting_.empty()) {
      TRY(const auto containers, containers_of(project_.name));
      bool progress = false;
      for (auto service = waiting_.begin(); service != waiting_.end();) {
        TRY(const bool ready, is_ready(**service, containers));
        if (!ready) {
          ++service;
          continue;
        }
        TRY(ServiceStart(project_, line_, **service).carry_out(container_of(containers, (*service)->name)));
        service = waiting_.erase(service);
        progress = true;
      }
      if (!progress) std::this_thread::sleep_for(kBetweenLooks);
    }
    return {};
  }

 private:
  Result<bool> is_ready(const Service& service, const std::vector<Container>& containers) const {
    if (line_.no_start || line_.no_dependencies) return true;
    const bool waits = std::any_of(waiting_.begin(), waiting_.end(), [&](const Service* other) {
      return service.depends_on.contains(other->name);
    });
    if (waits) return false;
    return dependencies_are_up(service, wanted_, containers);
  }

  const Project& project_;
  const CommandLine& line_;
  Services waiting_;
  std::set<std::string> wanted_;
};

// One that others want to have ended may end; all else has to run, and to be healthy if it has a check.
Condition condition_to_wait_for(const Project& project, const Service& service, const Container& container) {
  for (const auto& [name, other] : project.file.services) {
    const auto dependency = other.depends_on.find(service.name);
    if (dependency != other.depends_on.end() && dependency->second.condition == Condition::completed)
      return Condition::completed;
  }
  return container.runs() && container.health.empty() ? Condition::started : Condition::healthy;
}

}  // namespace

void tell(const std::string& what, const std::string& name, const std::string& state) {
  (void)base::write_all(STDERR_FILENO, fmt::format(" {} {}  {}\n", what, name, state)).ok();
}

Result<void> prepare_images(const Project& project, const CommandLine& line, const Services& services) {
  for (const Service* service : services) {
    const auto image = project.image_name(*service);
    const bool has_to = line.build || service->pull_policy == "build" || !is_here(image);
    if (service->build && has_to && !line.no_build) {
      TRY(const auto build,
          build_of(project, *service, line.verb == Verb::build ? line.passed : std::vector<std::string>()));
      TRY(const int code, ask(build));
      if (code != 0) return failed(fmt::format("the image of {} could not be built", service->name));
      tell("Service", service->name, "Built");
    } else if (!service->build && line.pull == "always") {
      TRY(const int code, ask({.arguments = {"pull", image}}));
      if (code != 0) return failed(fmt::format("the image {} could not be pulled", image));
    }
  }
  return {};
}

Result<void> prepare_networks(const Project& project, const Services& services) {
  std::set<std::string> wanted;
  for (const Service* service : services) {
    if (!service->network_mode.empty()) continue;
    if (service->networks.empty()) wanted.insert("default");
    for (const auto& [name, aliases] : service->networks) wanted.insert(name);
  }
  TRY(const auto listed, output_of({.arguments = {"network", "ls", "-q"}}));
  const auto lines = base::lines_of(listed);
  for (const auto& name : wanted) {
    const auto outside = project.network_name(name);
    if (std::find(lines.begin(), lines.end(), outside) != lines.end()) continue;
    const auto shared = project.file.networks.find(name);
    if (shared != project.file.networks.end() && shared->second.external) {
      return failed(fmt::format("network {} declared as external, but could not be found", outside));
    }
    TRY(output_of({.arguments = {"network", "create", outside}}));
    tell("Network", outside, "Created");
  }
  return {};
}

Result<void> start_services(const Project& project, const CommandLine& line, const Services& services) {
  TRY(prepare_images(project, line, services));
  TRY(prepare_networks(project, services));
  return Waiting(project, line, services).carry_out();
}

Result<void> wait_for_dependencies(const Project& project, const Service& service, const Services& started) {
  std::set<std::string> names;
  for (const Service* each : started) names.insert(each->name);
  while (true) {
    TRY(const auto containers, containers_of(project.name));
    TRY(const bool up, dependencies_are_up(service, names, containers));
    if (up) return {};
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

Result<void> wait_until_up(const Project& project, const CommandLine& line, const Services& services) {
  const auto seconds = base::parse_integer(line.wait_seconds.empty() ? "86400" : line.wait_seconds);
  if (!seconds || *seconds < 0)
    return base::invalid_input(
        fmt::format("--wait-timeout: expected seconds, found '{}'", line.wait_seconds));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(*seconds);
  while (true) {
    TRY(const auto containers, containers_of(project.name));
    bool all = true;
    for (const Service* service : services) {
      const Container* container = container_of(containers, service->name);
      if (container == nullptr) return failed(fmt::format("the service {} has no container", service->name));
      const auto condition = condition_to_wait_for(project, *service, *container);
      TRY(const bool up, fulfils(*container, condition));
      all = all && up;
    }
    if (all) break;
    if (std::chrono::steady_clock::now() >= deadline)
      return failed("application not healthy after " + std::to_string(*seconds) + " seconds");
    std::this_thread::sleep_for(kBetweenLooks);
  }
  for (const Service* service : services) tell("Container", project.container_name(*service), "Healthy");
  return {};
}

}  // namespace steps::compose
