// aws-actions/amazon-ecs-deploy-task-definition: registers a task definition, updates a service and follows
// that very deployment. A deployment that failed, or was rolled back, fails the step and says why.

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"
#include "ecs/deployment_plan.h"
#include "ecs/failure_digest.h"
#include "ecs/rollout.h"
#include "ecs/task_definition.h"
#include "steps/builtin/aws_session.h"
#include "workflow/yaml_reader.h"

namespace steps::builtin {

namespace {

using base::ErrorKind;
using base::Json;
using base::make_error;
using base::Result;

constexpr int kDefaultMinutes = 30;
constexpr int kMostMinutes = 360;
constexpr int kMostTasks = 5000;  // of a service, as ECS has it

/// YAML is taken too, as by the action; JSON is nearly a part of it, but for its long strings.
Result<Json> parse_definition(const std::string& text, const std::string& file) {
  if (auto json = base::parse_json(text)) return json;
  workflow::Diagnostics diagnostics;
  const auto node = workflow::read_yaml(file, text, diagnostics);
  if (!diagnostics.empty())
    return make_error(ErrorKind::invalid_input, workflow::to_string(diagnostics.front()));
  if (!node.is_mapping())
    return make_error(ErrorKind::invalid_input,
                      fmt::format("{}: expected a task definition, a JSON object", file));
  return workflow::to_json(node);
}

/// Running tasks as `items:3 (a1b2c3)`, for the event stream.
Json running_tasks(aws::Client& client, const std::string& cluster, const std::string& service) {
  Json list = Json::array();
  for (const auto& task : ecs::list_tasks(client, cluster, service, ecs::TaskStatus::running).value_or({})) {
    list.push_back(
        fmt::format("{} ({})", ecs::revision_name(task.task_definition_arn), task.id.substr(0, 8)));
  }
  return list;
}

class ServiceDeployment {
 public:
  ServiceDeployment(const ActionCall& call, RunningJob& job, aws::Client client)
      : call_(call), job_(job), client_(std::move(client)) {
    cluster_ = call.input("cluster", "default");
    service_ = call.input("service");
  }

  Result<ActionOutcome> run() {
    TRY(refuse_unsupported());
    TRY(register_definition());
    outcome_.outputs["task-definition-arn"] = definition_arn_;
    if (service_.empty()) {
      job_.log->line(LineKind::output, "Service was not specified, task definition is registered only");
      return std::move(outcome_);
    }
    auto deployed = deploy();
    if (!deployed) outcome_.failure = deployed.error();
    return std::move(outcome_);
  }

 private:
  Result<void> refuse_unsupported() const {
    for (const char* name : {"codedeploy-appspec", "codedeploy-application", "codedeploy-deployment-group",
                             "service-managed-ebs-volume"}) {
      if (!call_.input(name).empty())
        return make_error(ErrorKind::invalid_input, fmt::format("the input {} is not supported", name));
    }
    if (is_true(call_.input("run-task")))
      return make_error(ErrorKind::invalid_input, "the input run-task is not supported");
    return {};
  }

  Result<void> register_definition() {
    const auto file = call_.input("task-definition");
    if (file.empty())
      return make_error(ErrorKind::invalid_input, "Input required and not supplied: task-definition");
    const auto path = file.starts_with('/') ? file : job_.folders.workspace.inside + "/" + file;
    TRY(const auto text, read_job_file(job_.folders, path, ecs::kLargestDefinition)
                             .while_doing("reading the task definition " + file));
    TRY(auto definition, parse_definition(text, file));
    for (const auto& key : ecs::remove_described_keys(definition)) {
      job_.log->annotation(
          {.level = LineKind::warning,
           .message = fmt::format(
               "Ignoring property '{}' in the task definition file. This property is returned by the Amazon "
               "ECS DescribeTaskDefinition API and may be shown in the ECS console, but it is not a valid "
               "field when registering a new task definition. This field can be safely removed from your "
               "task definition file.",
               key)});
    }
    const auto kept = comma_list(call_, "keep-null-value-keys");
    definition = ecs::without_empty_values(definition, {kept.begin(), kept.end()});
    auto registered = ecs::register_task_definition(client_, definition);
    if (!registered) {
      auto error = registered.error();
      error.message = "Failed to register task definition in ECS: " + error.message;
      job_.log->line(LineKind::debug, "Task definition contents:\n" + base::to_text(definition, 4));
      return error;
    }
    definition_arn_ = *registered;
    return {};
  }

  Result<void> deploy() {
    TRY(before_, ecs::describe_service(client_, cluster_, service_));
    if (before_.status != "ACTIVE")
      return make_error(ErrorKind::invalid_input, fmt::format("Service is {}", before_.status));
    if (before_.controller != "ECS") {
      return make_error(
          ErrorKind::invalid_input,
          fmt::format("Unsupported deployment controller: {}; only ECS is supported", before_.controller));
    }
    tasks_before_ = running_tasks(client_, cluster_, service_);
    TRY(const auto request, deployment_request());
    const auto plan = ecs::make_deployment_plan(before_, request);
    job_.log->line(LineKind::output, "Plan: " + ecs::to_string(plan));
    for (auto& concern : ecs::concerns_of(plan)) warn(job_, std::move(concern));
    TRY(updated_, ecs::update_service(client_, ecs::update_request(plan)));
    const auto* primary = updated_.primary();
    if (primary == nullptr)
      return make_error(ErrorKind::remote, "UpdateService answered without a deployment");
    deployment_id_ = primary->id;
    job_.log->line(
        LineKind::output,
        fmt::format(
            "Deployment started. Watch this deployment's progress in the Amazon ECS console: "
            "https://{0}.console.aws.amazon.com/ecs/v2/clusters/{1}/services/{2}/deployments?region={0}",
            client_.options().region, cluster_, service_));
    job_.log->line(LineKind::output, fmt::format("Deployment {} of {} to service {}", deployment_id_,
                                                 ecs::revision_name(definition_arn_), service_));
    Json details = event_details();
    job_.log->event("deployment", details);
    if (!is_true(call_.input("wait-for-service-stability"))) return {};
    return follow();
  }

  Result<ecs::DeploymentRequest> deployment_request() const {
    ecs::DeploymentRequest request{
        .cluster = cluster_, .service = service_, .task_definition_arn = definition_arn_};
    if (is_true(call_.input("force-new-deployment"))) request.new_deployment = ecs::NewDeployment::forced;
    if (const auto text = call_.input("desired-count"); !text.empty()) {
      const auto count = base::parse_integer(text);
      if (!count || *count < 0 || *count > kMostTasks)
        return make_error(ErrorKind::invalid_input,
                          fmt::format("desired-count: expected a number, found '{}'", text));
      request.desired_count = static_cast<int>(*count);
    }
    if (const auto tags = call_.input("enable-ecs-managed-tags"); !tags.empty())
      request.enable_managed_tags = is_true(tags);
    request.propagate_tags = call_.input("propagate-tags");
    return request;
  }

  std::chrono::seconds patience() const {
    const auto minutes = base::parse_integer(call_.input("wait-for-minutes")).value_or(kDefaultMinutes);
    return std::chrono::minutes(
        std::clamp<std::int64_t>(minutes <= 0 ? kDefaultMinutes : minutes, 1, kMostMinutes));
  }

  Result<void> follow() {
    ecs::RolloutOptions options{
        .cluster = cluster_, .service = service_, .deployment_id = deployment_id_, .patience = patience()};
    options.on_progress = [this](const ecs::Deployment& deployment,
                                 const std::map<std::string, int>& targets) {
      tell_progress(deployment, targets);
    };
    options.on_event = [this](const ecs::ServiceEvent& event) {
      job_.log->line(LineKind::output, "  " + event.message);
    };
    const auto followed = ecs::follow_rollout(client_, options, before_);
    Json details = event_details();
    details["tasks_before"] = tasks_before_;
    if (!followed) {
      details["status"] = "UNKNOWN";
      details["reason"] = followed.error().message;
      job_.log->event("deployment_finished", details);
      return base::Error(followed.error())
          .while_doing(fmt::format("following deployment {}, which goes on", deployment_id_));
    }
    const auto& outcome = *followed;
    details["status"] = std::string(ecs::to_string(outcome.end));
    details["rollout_state"] = outcome.deployment.rollout_state;
    details["reason"] = outcome.reason;
    details["tasks_after"] = running_tasks(client_, cluster_, service_);
    job_.log->event("deployment_finished", details);
    if (outcome.end == ecs::RolloutEnd::completed) {
      job_.log->line(LineKind::output, fmt::format("Deployment {} verified: rolloutState={}", deployment_id_,
                                                   outcome.deployment.rollout_state));
      return {};
    }
    return failure_of(outcome);
  }

  void tell_progress(const ecs::Deployment& deployment, const std::map<std::string, int>& targets) {
    std::string text = fmt::format("{} of {} tasks running, {} pending, {} failed", deployment.running,
                                   deployment.desired, deployment.pending, deployment.failed_tasks);
    for (const auto& [state, count] : targets) text += fmt::format(", {} {}", count, state);
    job_.log->line(LineKind::output, text);
    Json details = event_details();
    details["desired"] = deployment.desired;
    details["running"] = deployment.running;
    details["pending"] = deployment.pending;
    details["failed_tasks"] = deployment.failed_tasks;
    details["rollout_state"] = deployment.rollout_state;
    details["targets"] = targets;
    job_.log->event("rollout", details);
  }

  /// The step's error: what became of the deployment, then everything that tells why.
  base::Error failure_of(const ecs::RolloutOutcome& outcome) {
    using ecs::RolloutEnd;
    auto reason = outcome.reason.empty() ? std::string("unknown reason") : outcome.reason;
    if (reason.ends_with('.')) reason.pop_back();
    if (outcome.end == RolloutEnd::cancelled) {
      return make_error(ErrorKind::cancelled,
                        fmt::format("stopped following deployment {}; it goes on", deployment_id_));
    }
    std::string message;
    switch (outcome.end) {
      case RolloutEnd::rolled_back:
        message = fmt::format("Deployment {} FAILED and was rolled back: {}; service {} runs {}",
                              deployment_id_, reason, service_,
                              outcome.service.primary() == nullptr
                                  ? "nothing"
                                  : ecs::revision_name(outcome.service.primary()->task_definition_arn));
        break;
      case RolloutEnd::superseded:
        message = fmt::format("Deployment {} was superseded by {}", deployment_id_,
                              outcome.service.primary() == nullptr ? "none" : outcome.service.primary()->id);
        break;
      case RolloutEnd::timed_out:
        message = fmt::format(
            "Resource is not in the state servicesStable: deployment {} did not complete within {} minutes",
            deployment_id_, std::chrono::duration_cast<std::chrono::minutes>(patience()).count());
        break;
      default:
        message = fmt::format("Deployment {} FAILED: {}", deployment_id_, reason);
    }
    const double since = before_.events.empty() ? 0 : before_.events.front().created_at;
    const auto digest = ecs::digest_failure(client_, cluster_, outcome.service, deployment_id_, since);
    for (const auto& line : ecs::to_lines(digest)) message += "\n" + line;
    return make_error(ErrorKind::remote, message);
  }

  Json event_details() const {
    return {{"service", service_},
            {"cluster", cluster_},
            {"deployment_id", deployment_id_},
            {"task_definition", ecs::revision_name(definition_arn_)}};
  }

  const ActionCall& call_;
  RunningJob& job_;
  aws::Client client_;
  std::string cluster_, service_;
  std::string definition_arn_;
  std::string deployment_id_;
  ecs::Service before_;
  ecs::Service updated_;
  Json tasks_before_ = Json::array();
  ActionOutcome outcome_;
};

}  // namespace

Result<ActionOutcome> amazon_ecs_deploy_task_definition(const ActionCall& call, RunningJob& job) {
  TRY(auto client, make_aws_client(call, job));
  return ServiceDeployment(call, job, std::move(client)).run();
}

}  // namespace steps::builtin
