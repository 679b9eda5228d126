#include "runner/job_network.h"

#include <fmt/format.h>

#include <set>

#include "base/json.h"
#include "base/strings.h"

namespace runner {

namespace {

constexpr std::string_view kLoopback = "http://127.0.0.1:";

void add_port(std::string_view url, std::set<std::uint16_t>& ports) {
  if (!url.starts_with(kLoopback)) return;
  url.remove_prefix(kLoopback.size());
  const auto port = base::parse_integer(url.substr(0, url.find_first_not_of("0123456789")));
  if (port && *port > 0 && *port < 65536) ports.insert(static_cast<std::uint16_t>(*port));
}

/// The emulator's ports on the host's loopback. Servers of this process listen inside themselves
/// (job_loopback); what else the job's variables name stays outside.
std::set<std::uint16_t> emulator_ports(const steps::RunningJob& job) {
  std::set<std::uint16_t> ports;
  for (const auto& [host, address] : job.services->registry_endpoints) add_port(address, ports);
  const auto endpoint = job.environment.find("AWS_ENDPOINT_URL");
  if (endpoint != job.environment.end() && !ports.empty()) add_port(endpoint->second, ports);
  return ports;
}

std::string line_of(const Traffic& traffic) {
  const auto place = traffic.port == 0 ? traffic.name : fmt::format("{}:{}", traffic.name, traffic.port);
  if (traffic.connections == 0)
    return fmt::format("  {}: refused {} ×, step {}", place, traffic.refused, traffic.step);
  return fmt::format("  {}: {} connection{}, {} sent, {} received, step {}", place, traffic.connections,
                     traffic.connections == 1 ? "" : "s", base::format_bytes(traffic.sent),
                     base::format_bytes(traffic.received), traffic.step);
}

}  // namespace

base::Result<std::unique_ptr<JobNetwork>> JobNetwork::open(const NetworkPolicy& policy,
                                                           steps::RunningJob& job, sandbox::Sandbox& sandbox,
                                                           std::function<std::string()> user) {
  if (policy.rule == NetworkRule::host) return std::unique_ptr<JobNetwork>();
  sandbox::Egress egress;
  if (policy.rule != NetworkRule::none) {
    TRY(egress, sandbox.take_egress());
  }
  const NetworkGateOptions options{
      .policy = policy, .step = std::move(user), .refused = [&job](const std::string& message) {
        job.log->annotation({.level = steps::LineKind::warning, .message = message});
      }};
  TRY(auto gate, NetworkGate::start(std::move(egress), options));
  for (const auto port : emulator_ports(job)) {
    TRY(auto listener, sandbox.listen("127.0.0.1", port));
    gate->forward(std::move(listener), port);
  }
  return std::unique_ptr<JobNetwork>(new JobNetwork(job, std::move(gate)));
}

base::Result<std::shared_ptr<void>> JobNetwork::open_beside(const NetworkPolicy& policy,
                                                            steps::RunningJob& job, sandbox::Sandbox& sandbox,
                                                            std::function<std::string()> user) {
  TRY(auto network, open(policy, job, sandbox, std::move(user)));
  return std::shared_ptr<void>(network.release(), [](void* opened) {
    const std::unique_ptr<JobNetwork> ended(static_cast<JobNetwork*>(opened));
    if (ended) ended->report();
  });
}

base::Result<std::shared_ptr<void>> JobNetwork::open_apart(const NetworkPolicy& policy,
                                                           steps::RunningJob& job, sandbox::Sandbox& sandbox,
                                                           std::function<std::string()> user) {
  if (policy.rule != NetworkRule::host) return open_beside(policy, job, sandbox, std::move(user));
  TRY(auto egress, sandbox.take_egress());
  const NetworkGateOptions options{.policy = {.rule = NetworkRule::audit, .allowed = {}},
                                   .step = std::move(user),
                                   .refused = [](const std::string&) {}};
  TRY(auto gate, NetworkGate::start(std::move(egress), options));
  return std::shared_ptr<void>(std::move(gate));
}

void JobNetwork::report() {
  const auto all = gate_->finish();
  if (all.empty()) return;
  base::Json places = base::Json::array();
  job_.log->line(steps::LineKind::output, "Network use of this job:");
  for (const auto& traffic : all) {
    job_.log->line(steps::LineKind::output, line_of(traffic));
    places.push_back({{"name", traffic.name},
                      {"port", traffic.port},
                      {"step", traffic.step},
                      {"connections", traffic.connections},
                      {"refused", traffic.refused},
                      {"sent", traffic.sent},
                      {"received", traffic.received}});
  }
  job_.log->event("network", {{"places", std::move(places)}});
}

void apply_network_policy(const NetworkPolicy& policy, steps::JobServices& services) {
  if (policy.rule == NetworkRule::host) return;
  services.network = sandbox::NetworkMode::isolated;
  services.why_no_connection = [policy](const std::string& host, std::uint16_t port) -> std::string {
    if (policy.rule != NetworkRule::none && may_connect(policy, host, port)) return "";
    return fmt::format("the job's network policy does not let it connect to {} port {}; see --network", host,
                       port);
  };
}

}  // namespace runner
