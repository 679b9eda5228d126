#include "steps/docker_containers.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <utility>

namespace steps {

namespace {

using base::Result;

constexpr std::size_t kMostContainers = 200;
constexpr std::size_t kMostNetworks = 1000;
constexpr std::chrono::milliseconds kBetweenLooksAround{100};

}  // namespace

Result<std::shared_ptr<DockerContainer>> DockerContainers::create(ContainerRequested requested) {
  const std::lock_guard lock(mutex_);
  forget_ended();
  for (const auto& network : requested.networks) {
    if (!networks_.contains(network)) return as_docker_says(fmt::format("network {} not found", network));
  }
  if (containers_.size() >= kMostContainers)
    return as_docker_says(fmt::format("a job has at most {} containers", kMostContainers));
  for (const auto& other : containers_) {
    if (!requested.name.empty() && other->name() == requested.name) {
      return as_docker_says(
          fmt::format("Conflict. The container name \"/{}\" is already in use by container \"{}\". You have "
                      "to remove (or rename) that container to be able to reuse that name.",
                      requested.name, other->id()));
    }
  }
  if (!relay_) {
    TRY(relay_, sandbox::StreamRelay::start());
  }
  TRY(auto container, DockerContainer::make(std::move(requested), job_, *relay_, made_++));
  containers_.push_back(container);
  return container;
}

Result<void> DockerContainers::start(DockerContainer& container, ContainerLog::Reader output,
                                     base::Fd input) {
  meet_at_open_ports();
  const std::lock_guard lock(starting_);
  const auto neighbours = neighbours_of(container);
  std::vector<Neighbour> found;
  for (const auto& neighbour : neighbours) found.push_back(neighbour->as_neighbour());
  TRY(container.start(found, std::move(output), std::move(input)));
  const auto& networks = container.requested().networks;
  if (!watcher_.joinable() && std::any_of(networks.begin(), networks.end(), is_own_network))
    watcher_ = std::jthread([this](const std::stop_token& stop) { look_around(stop); });
  for (const auto& neighbour : neighbours) {
    auto met = neighbour->meet(container.as_neighbour());
    if (!met && neighbour->state().phase == ContainerPhase::running) return met;
  }
  return {};
}

void DockerContainers::meet_at_open_ports() {
  const std::lock_guard lock(starting_);
  for (const auto& container : list()) {
    const auto& networks = container->requested().networks;
    if (std::none_of(networks.begin(), networks.end(), is_own_network) || !container->look_for_open_ports())
      continue;
    for (const auto& neighbour : neighbours_of(*container)) (void)neighbour->meet(container->as_neighbour());
  }
}

void DockerContainers::look_around(const std::stop_token& stop) {
  std::mutex alone;
  std::condition_variable_any never;
  std::unique_lock lock(alone);
  while (!stop.stop_requested()) {
    meet_at_open_ports();
    never.wait_for(lock, stop, kBetweenLooksAround, [] { return false; });
  }
}

std::vector<std::shared_ptr<DockerContainer>> DockerContainers::neighbours_of(
    const DockerContainer& container) {
  std::vector<std::shared_ptr<DockerContainer>> neighbours;
  const auto& networks = container.requested().networks;
  for (auto& other : list()) {
    const bool shares = std::any_of(networks.begin(), networks.end(), [&](const std::string& network) {
      return is_own_network(network) && other->requested().is_in(network);
    });
    if (shares && other.get() != &container && other->state().phase == ContainerPhase::running)
      neighbours.push_back(std::move(other));
  }
  return neighbours;
}

Result<std::shared_ptr<DockerContainer>> DockerContainers::find(const std::string& text) {
  const std::lock_guard lock(mutex_);
  forget_ended();
  std::shared_ptr<DockerContainer> found;
  for (const auto& container : containers_) {
    if (container->name() == text || "/" + container->name() == text) return container;
    if (!text.empty() && container->id().starts_with(text)) found = container;
  }
  if (found) return found;
  return as_docker_says("No such container: " + text);
}

std::vector<std::shared_ptr<DockerContainer>> DockerContainers::list() {
  const std::lock_guard lock(mutex_);
  forget_ended();
  return containers_;
}

void DockerContainers::remove(const DockerContainer& container) {
  std::vector<std::shared_ptr<DockerContainer>> removed;  // end without the lock
  const std::lock_guard lock(mutex_);
  removed = forget([&](const DockerContainer& other) { return &other == &container; });
}

std::vector<std::shared_ptr<DockerContainer>> DockerContainers::forget_ended() {
  return forget([](const DockerContainer& container) {
    return container.requested().remove_when_ended && container.state().phase == ContainerPhase::exited;
  });
}

// The caller holds the lock. Another container may get the name: so it is nobody's now.
std::vector<std::shared_ptr<DockerContainer>> DockerContainers::forget(
    const std::function<bool(const DockerContainer&)>& which) {
  const auto first = std::stable_partition(containers_.begin(), containers_.end(),
                                           [&](const auto& container) { return !which(*container); });
  std::vector<std::shared_ptr<DockerContainer>> forgotten(first, containers_.end());
  containers_.erase(first, containers_.end());
  for (const auto& gone : forgotten) {
    for (const auto& container : containers_) (void)container->part_from(gone->as_neighbour());
  }
  return forgotten;
}

Result<void> DockerContainers::add_network(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (networks_.size() >= kMostNetworks)
    return as_docker_says(fmt::format("a job has at most {} networks", kMostNetworks));
  if (networks_.insert(name).second) return {};
  return as_docker_says(fmt::format("network with name {} already exists", name));
}

Result<void> DockerContainers::remove_network(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (!is_own_network(name)) return as_docker_says(fmt::format("{} is a pre-defined network", name));
  for (const auto& container : containers_) {
    if (container->requested().is_in(name) && container->state().phase == ContainerPhase::running) {
      return as_docker_says(fmt::format("error while removing network: network {} has active endpoints ({})",
                                        name, container->name()));
    }
  }
  if (networks_.erase(name) > 0) return {};
  return as_docker_says(fmt::format("network {} not found", name));
}

std::set<std::string> DockerContainers::networks() {
  const std::lock_guard lock(mutex_);
  return networks_;
}

}  // namespace steps
