#include <fmt/format.h>

#include "cli/aws_session.h"
#include "cli/commands.h"
#include "cli/deploy_display.h"
#include "cli/interrupts.h"
#include "cli/roll_back.h"
#include "ecs/code_deploy.h"
#include "ecs/proven_revision.h"

namespace cli {

namespace {

using base::Result;
using ecs::Followed;

/// What is followed: a deployment that goes on and is stopped, or one of an earlier revision.
struct WayBack {
  enum class Kind { stop, deployment } kind = Kind::deployment;
  Followed followed;
};

Result<WayBack> roll_back_by_code_deploy(aws::Client& client, const RollbackFlags& flags,
                                         const ecs::FollowNews& news) {
  ecs::CodeDeployOrder order;
  order.cluster = flags.cluster;
  order.service = flags.service;
  order.patience = std::chrono::minutes(flags.wait_minutes);
  TRY(const auto group, ecs::find_code_deploy_group(client, order));
  TRY(const auto running, ecs::running_code_deploy(client, group));
  if (!running.empty()) {
    news.line(fmt::format("Stopping deployment {}, which goes on", running));
    TRY(ecs::stop_code_deploy(client, running));
    return WayBack{WayBack::Kind::stop, ecs::follow_code_deploy(client, order, running, news)};
  }
  TRY(order.app_spec, ecs::last_good_app_spec(client, group));
  TRY(auto followed, ecs::start_code_deploy(client, order, news));
  return WayBack{WayBack::Kind::deployment, std::move(followed)};
}

/// The record of the deployment that goes on, or "".
std::string running_record(aws::Client& client, const RollbackFlags& flags) {
  const auto records =
      ecs::list_service_deployments(client, flags.cluster, flags.service, {"PENDING", "IN_PROGRESS"});
  return records && !records->empty() ? records->front().arn : "";
}

Result<WayBack> roll_back_by_ecs(aws::Client& client, const RollbackFlags& flags, const ecs::Service& service,
                                 const ecs::FollowNews& news) {
  const auto* primary = service.primary();
  if (primary == nullptr)
    return base::make_error(base::ErrorKind::not_found, "the service has no deployment to go back from");
  const auto patience = std::chrono::minutes(flags.wait_minutes);
  const auto record = flags.to.empty() ? running_record(client, flags) : "";
  if (!record.empty()) {
    auto followed = ecs::follow_deployment(client, service,
                                           {.cluster = flags.cluster,
                                            .service = flags.service,
                                            .deployment_id = primary->id,
                                            .service_deployment_arn = record,
                                            .patience = patience},
                                           news);
    TRY(followed.roll_back("a rollback was asked for"));
    return WayBack{WayBack::Kind::stop, std::move(followed)};
  }
  std::string target = flags.to;
  if (target.empty()) {
    TRY(target, ecs::last_proven_definition(client, flags.cluster, service, primary->task_definition_arn));
  }
  TRY(const auto definition, ecs::describe_task_definition(client, target));
  news.line(fmt::format("Going back from {} to {}", ecs::revision_name(primary->task_definition_arn),
                        ecs::revision_name(target)));
  ecs::ReleaseItem item;
  item.cluster = flags.cluster;
  item.service = flags.service;
  item.patience = patience;
  TRY(auto followed,
      ecs::start_item(client, item, service, base::json_string(definition, "taskDefinitionArn"), news));
  return WayBack{WayBack::Kind::deployment, std::move(followed)};
}

}  // namespace

int exit_code_of_rollback(const ecs::FollowedEnd& end) {
  return end.end == ecs::RolloutEnd::rolled_back ? kPassed : exit_code_of(end.end);
}

Result<ecs::FollowedEnd> roll_back(RollbackFlags flags, const ecs::FollowNews& news) {
  if (flags.cluster.empty()) flags.cluster = "default";
  const auto http = base::make_curl_http_client();
  TRY(auto client, make_aws_client(*http, flags.region));
  TRY(const auto service, require_service(client, flags.cluster, flags.service));
  const bool by_code_deploy = service.controller == "CODE_DEPLOY" && flags.to.empty();
  TRY(const auto way, by_code_deploy ? roll_back_by_code_deploy(client, flags, news)
                                     : roll_back_by_ecs(client, flags, service, news));
  auto end = ecs::wait_for(client, way.followed);
  // That the earlier revision was rolled back itself is no rollback.
  if (way.kind == WayBack::Kind::deployment &&
      (end.end == ecs::RolloutEnd::rolled_back || end.end == ecs::RolloutEnd::failed)) {
    end.end = ecs::RolloutEnd::rollback_failed;
    end.sentence = "The rollback failed: " + end.sentence;
    end.json["status"] = std::string(ecs::to_string(end.end));
  }
  return end;
}

int rollback_command(const RollbackFlags& flags) {
  watch_for_interrupts();
  const DeployDisplay display(flags.json ? DeployDisplay::Form::json : DeployDisplay::Form::text);
  const auto end = roll_back(flags, display.news_of(flags.service, nullptr));
  if (!end) return complain(end.error());
  display.line(flags.service, end->sentence);
  for (const auto& text : end->details) display.line(flags.service, text);
  display.event("rollback_finished", flags.service, end->json);
  return exit_code_of_rollback(*end);
}

}  // namespace cli
