#include <fmt/format.h>

#include <map>

#include "cli/aws_session.h"
#include "cli/commands.h"
#include "ecs/deployment_plan.h"
#include "ecs/service_deployments.h"

namespace cli {

namespace {

using base::Json;
using base::Result;

constexpr std::size_t kEventsShown = 5;

Json status_of(aws::Client& client, const std::string& cluster, const ecs::Service& service) {
  Json json = {{"service", service.name},    {"cluster", cluster},
               {"status", service.status},   {"controller", service.controller},
               {"desired", service.desired}, {"running", service.running}};
  json["deployments"] = Json::array();
  for (const auto& deployment : service.deployments) {
    json["deployments"].push_back({{"id", deployment.id},
                                   {"status", deployment.status},
                                   {"task_definition", ecs::revision_name(deployment.task_definition_arn)},
                                   {"rollout_state", deployment.rollout_state},
                                   {"reason", deployment.rollout_reason},
                                   {"desired", deployment.desired},
                                   {"running", deployment.running},
                                   {"pending", deployment.pending},
                                   {"failed_tasks", deployment.failed_tasks}});
  }
  std::map<std::string, int> targets;
  for (const auto& group : service.target_groups) {
    for (const auto& target : ecs::target_health(client, group).value_or({})) ++targets[target.state];
  }
  json["targets"] = targets;
  json["history"] = Json::array();
  for (const auto& record : ecs::list_service_deployments(client, cluster, service.name).value_or({}))
    json["history"].push_back({{"arn", record.arn}, {"status", record.status}, {"reason", record.reason}});
  json["events"] = Json::array();
  for (std::size_t i = 0; i < service.events.size() && i < kEventsShown; ++i)
    json["events"].push_back(service.events[i].message);
  return json;
}

void print_status(const Json& status) {
  fmt::print("{} in {}: {}, {} of {} tasks running ({})\n", base::json_string(status, "service"),
             base::json_string(status, "cluster"), base::json_string(status, "status"),
             base::json_integer(status, "running"), base::json_integer(status, "desired"),
             base::json_string(status, "controller"));
  for (const auto& deployment : status["deployments"]) {
    fmt::print("  {:<8} {:<16} {:<12} {}/{} running, {} failed  {}\n",
               base::json_string(deployment, "status"), base::json_string(deployment, "task_definition"),
               base::json_string(deployment, "rollout_state"), base::json_integer(deployment, "running"),
               base::json_integer(deployment, "desired"), base::json_integer(deployment, "failed_tasks"),
               base::json_string(deployment, "reason"));
  }
  for (const auto& [state, count] : status["targets"].items())
    fmt::print("  targets  {} {}\n", count.get<int>(), state);
  for (const auto& message : status["events"]) fmt::print("  {}\n", message.get<std::string>());
}

Result<int> show(const StatusFlags& flags) {
  const auto http = base::make_curl_http_client();
  TRY(auto client, make_aws_client(*http, flags.region));
  const std::string cluster = flags.cluster.empty() ? "default" : flags.cluster;
  auto names = flags.services;
  if (names.empty()) {
    TRY(names, ecs::list_services(client, cluster)
                   .while_doing(fmt::format("listing the services of cluster {} in {}", cluster,
                                            client.options().region)));
  }
  Json all = Json::array();
  for (const auto& name : names) {
    TRY(const auto service, require_service(client, cluster, name));
    all.push_back(status_of(client, cluster, service));
  }
  if (flags.json) {
    fmt::print("{}\n", base::to_text(all, 2));
    return kPassed;
  }
  for (const auto& status : all) print_status(status);
  if (all.empty()) fmt::print("cluster {} has no service\n", cluster);
  return kPassed;
}

}  // namespace

int status_command(const StatusFlags& flags) {
  const auto code = show(flags);
  return code ? *code : complain(code.error());
}

}  // namespace cli
