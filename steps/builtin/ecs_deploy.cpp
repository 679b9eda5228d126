// aws-actions/amazon-ecs-deploy-task-definition: registers a task definition, updates a service and follows
// that very deployment. A deployment that failed, or was rolled back, fails the step and says why.

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"
#include "ecs/app_spec.h"
#include "ecs/code_deploy.h"
#include "ecs/followed.h"
#include "ecs/one_off_task.h"
#include "ecs/preflight.h"
#include "ecs/release.h"
#include "steps/built_image.h"
#include "steps/builtin/aws_session.h"
#include "steps/builtin/ecs_deploy_inputs.h"

namespace steps::builtin {

namespace {

using base::ErrorKind;
using base::Json;
using base::make_error;
using base::Result;

constexpr std::int64_t kMostRetries = 100;

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
    TRY(auto inputs, read_deploy_inputs(call_, job_));
    inputs_ = std::move(inputs);
    if (!service_.empty()) {
      TRY(look_before());
    }
    TRY(register_definition());
    outcome_.outputs["task-definition-arn"] = definition_arn_;
    auto deployed = carry_out();
    if (!deployed) outcome_.failure = deployed.error();
    return std::move(outcome_);
  }

 private:
  /// All that can be known to fail is told before anything is registered.
  Result<void> look_before() {
    TRY(before_, ecs::describe_service(client_, cluster_, service_));
    if (before_.status != "ACTIVE")
      return make_error(ErrorKind::invalid_input, fmt::format("Service is {}", before_.status));
    if (before_.controller != "ECS" && before_.controller != "CODE_DEPLOY") {
      return make_error(
          ErrorKind::invalid_input,
          fmt::format(
              "Unsupported deployment controller: {}. Its task sets are made by whoever owns them: deploy "
              "there, or give the service the controller ECS",
              before_.controller));
    }
    if (inputs_.preflight == Preflight::off) return {};
    ecs::PreflightRequest request{ecs::make_deployment_plan(before_, deployment_request("the file")), before_,
                                  inputs_.definition, inputs_.patience,
                                  [store = job_.services->images](const std::string& reference) {
                                    return built_digest(store, reference);
                                  }};
    const auto tree = ecs::judge(ecs::gather_facts(client_, std::move(request)));
    for (const auto& line : ecs::to_lines(tree)) job_.log->line(LineKind::output, line);
    if (tree.verdict != ecs::Verdict::problem) return {};
    const int problems = ecs::count_of(tree, ecs::Verdict::problem);
    const auto text = fmt::format("{} found before the deployment: {}",
                                  problems == 1 ? "A problem was" : fmt::format("{} problems were", problems),
                                  base::join(ecs::problems_of(tree), "; "));
    if (inputs_.preflight == Preflight::fail) return base::invalid_input(text + ". Nothing was changed");
    warn(job_, text);
    return {};
  }

  Result<void> register_definition() {
    auto registered = ecs::register_task_definition(client_, inputs_.definition);
    if (!registered) {
      auto error = registered.error();
      error.message = "Failed to register task definition in ECS: " + error.message;
      job_.log->line(LineKind::debug, "Task definition contents:\n" + base::to_text(inputs_.definition, 4));
      return error;
    }
    definition_arn_ = *registered;
    return {};
  }

  Result<void> carry_out() {
    if (inputs_.task) {
      TRY(run_one_off_task());
    }
    if (service_.empty()) {
      if (!inputs_.task)
        job_.log->line(LineKind::output, "Service was not specified, task definition is registered only");
      return {};
    }
    return before_.controller == "CODE_DEPLOY" ? deploy_by_code_deploy() : deploy();
  }

  Result<void> run_one_off_task() {
    ecs::OneOffTask task{cluster_, *inputs_.task, inputs_.patience};
    task.request["taskDefinition"] = definition_arn_;
    TRY(const auto followed, ecs::start_one_off_task(client_, std::move(task), news()));
    outcome_.outputs["run-task-arn"] = base::to_text(Json::array({followed.id}));
    job_.log->line(
        LineKind::output,
        fmt::format(
            "Task running: https://{0}.console.aws.amazon.com/ecs/home?region={0}#/clusters/{1}/tasks",
            client_.options().region, cluster_));
    if (!is_true(call_.input("wait-for-task-stopped"))) return {};
    const auto end = ecs::wait_for(client_, followed);
    outcome_.summary += end.summary;
    if (end.end == ecs::RolloutEnd::completed) return {};
    return failure_of(end);
  }

  Result<void> deploy() {
    tasks_before_ = running_tasks(client_, cluster_, service_);
    const auto plan = ecs::make_deployment_plan(before_, deployment_request(definition_arn_));
    job_.log->line(LineKind::output, "Plan: " + ecs::to_string(plan));
    auto concerns = ecs::concerns_of(plan);
    for (auto& concern : concerns) warn(job_, std::move(concern));
    TRY(const auto followed,
        ecs::start_rollout(client_, before_, plan, {.patience = inputs_.patience}, news()));
    deployment_id_ = followed.id;
    outcome_.outputs["deployment-id"] = followed.id;
    job_.log->line(
        LineKind::output,
        fmt::format(
            "Deployment started. Watch this deployment's progress in the Amazon ECS console: "
            "https://{0}.console.aws.amazon.com/ecs/v2/clusters/{1}/services/{2}/deployments?region={0}",
            client_.options().region, cluster_, service_));
    job_.log->line(LineKind::output, fmt::format("Deployment {} of {} to service {}", followed.id,
                                                 ecs::revision_name(definition_arn_), service_));
    return follow(followed);
  }

  Result<void> deploy_by_code_deploy() {
    TRY(auto app_spec, read_app_spec(call_, job_));
    TRY(ecs::set_task_definition(app_spec, definition_arn_));
    tasks_before_ = running_tasks(client_, cluster_, service_);
    const ecs::CodeDeployOrder order{cluster_,
                                     service_,
                                     call_.input("codedeploy-application"),
                                     call_.input("codedeploy-deployment-group"),
                                     std::move(app_spec),
                                     call_.input("codedeploy-deployment-description"),
                                     call_.input("codedeploy-deployment-config"),
                                     inputs_.patience};
    TRY(const auto followed, ecs::start_code_deploy(client_, order, news()));
    deployment_id_ = followed.id;
    outcome_.outputs["codedeploy-deployment-id"] = followed.id;
    job_.log->line(
        LineKind::output,
        fmt::format("Deployment started. Watch this deployment's progress in the AWS CodeDeploy console: "
                    "https://console.aws.amazon.com/codesuite/codedeploy/deployments/{}?region={}",
                    followed.id, client_.options().region));
    return follow(followed);
  }

  /// What both ways of deploying have in common: the events, the wait, and what is made of the end.
  Result<void> follow(const ecs::Followed& followed) {
    const Json identity = event_details();
    job_.log->event("deployment", identity);
    if (!is_true(call_.input("wait-for-service-stability"))) return {};
    auto end = ecs::wait_for(client_, followed);
    if (end.end == ecs::RolloutEnd::completed && inputs_.gate) end = pass_gate(std::move(end));
    Json details = identity;
    details["tasks_before"] = tasks_before_;
    details.update(end.json);
    if (end.end != ecs::RolloutEnd::unknown)
      details["tasks_after"] = running_tasks(client_, cluster_, service_);
    job_.log->event("deployment_finished", details);
    outcome_.outputs["deployment-status"] = std::string(ecs::to_string(end.end));
    outcome_.outputs["rolled-back-to"] = base::json_string(end.json, "rolled_back_to");
    outcome_.summary += end.summary;
    if (end.end != ecs::RolloutEnd::completed) return failure_of(end);
    job_.log->line(LineKind::output, end.sentence);
    return {};
  }

  /// The deployment's end when its gate lets it stay; else the end of the way back.
  ecs::FollowedEnd pass_gate(ecs::FollowedEnd deployed) {
    job_.log->line(LineKind::output, fmt::format("{}; watching its gates for {} s", deployed.sentence,
                                                 inputs_.gate->watch.count()));
    auto gate = ecs::wait_for(client_, ecs::start_health_gate(client_, *inputs_.gate, news()));
    gate.json.update(deployed.json);
    deployed.summary += gate.summary;
    if (gate.end == ecs::RolloutEnd::completed) return deployed;
    gate.summary = std::move(deployed.summary);
    if (gate.end != ecs::RolloutEnd::cancelled) take_back(gate);
    gate.json["status"] = std::string(ecs::to_string(gate.end));
    gate.json["reason"] = gate.sentence;
    return gate;
  }

  /// Changes the end to what became of the way back.
  void take_back(ecs::FollowedEnd& end) {
    ecs::ReleaseItem item{.name = service_, .cluster = cluster_, .service = service_};
    item.code_deploy_application = call_.input("codedeploy-application");
    item.code_deploy_group = call_.input("codedeploy-deployment-group");
    item.patience = inputs_.patience;
    const auto back = [&]() -> Result<ecs::FollowedEnd> {
      TRY(const auto followed, ecs::start_return(client_, item, before_, news()));
      return ecs::wait_for(client_, followed);
    }();
    if (back && back->end == ecs::RolloutEnd::completed) {
      end.end = ecs::RolloutEnd::rolled_back;
      end.sentence += fmt::format("; service {} was taken back: {}", service_, back->sentence);
      if (const auto* primary = before_.primary()) end.json["rolled_back_to"] = primary->task_definition_arn;
      return;
    }
    const bool was_first = !back && back.error().kind == ErrorKind::not_found;
    if (back && back->end == ecs::RolloutEnd::unknown) {
      end.end = ecs::RolloutEnd::unknown;
      end.sentence += fmt::format("; service {} was being taken back: {}", service_, back->sentence);
      return;
    }
    end.end = was_first ? ecs::RolloutEnd::failed : ecs::RolloutEnd::rollback_failed;
    end.sentence += fmt::format("; service {} was not taken back: {}", service_,
                                back ? back->sentence : back.error().to_string());
  }

  /// The step's error: what became of the deployment, then everything that tells why.
  base::Error failure_of(const ecs::FollowedEnd& end) {
    if (end.end == ecs::RolloutEnd::cancelled) return make_error(ErrorKind::cancelled, end.sentence);
    if (!end.annotation.empty()) {
      job_.log->annotation({.level = LineKind::error,
                            .message = end.annotation,
                            .title = fmt::format("Why {} was not deployed", service_)});
    }
    std::string message = end.sentence;
    for (const auto& line : end.details) message += "\n" + line;
    return make_error(ErrorKind::remote, message);
  }

  [[nodiscard]] ecs::DeploymentRequest deployment_request(const std::string& definition) const {
    return {.cluster = cluster_,
            .service = service_,
            .task_definition_arn = definition,
            .desired_count = inputs_.desired_count,
            .new_deployment = is_true(call_.input("force-new-deployment")) ? ecs::NewDeployment::forced
                                                                           : ecs::NewDeployment::if_needed,
            .enable_managed_tags = inputs_.managed_tags,
            .propagate_tags = call_.input("propagate-tags"),
            .volume_configurations = inputs_.service_volumes};
  }

  ecs::FollowNews news() {
    ecs::FollowNews news;
    news.line = [this](const std::string& line) { job_.log->line(LineKind::output, line); };
    news.event = [this](std::string_view type, const Json& details) { job_.log->event(type, details); };
    return news;
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
  DeployInputs inputs_;
  std::string cluster_, service_;
  std::string definition_arn_;
  std::string deployment_id_;
  ecs::Service before_;
  Json tasks_before_ = Json::array();
  ActionOutcome outcome_;
};

}  // namespace

Result<ActionOutcome> amazon_ecs_deploy_task_definition(const ActionCall& call, RunningJob& job) {
  auto options = aws_options(call, job);
  if (const auto retries = base::parse_integer(call.input("max-retries")))
    options.attempts = static_cast<int>(std::clamp<std::int64_t>(*retries, 1, kMostRetries));
  TRY(options.credentials, find_aws_credentials(call, job));
  aws::Client client(std::move(options));
  return ServiceDeployment(call, job, std::move(client)).run();
}

}  // namespace steps::builtin
