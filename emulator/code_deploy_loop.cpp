// How CodeDeploy carries deployments out: one lifecycle event after the other, each with its hook; then the
// wait, then the end of the old task set. What goes wrong ends the deployment and, where asked for, makes a
// new one that takes it back.
#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/log.h"
#include "emulator/code_deploy_service.h"

namespace emulator {
namespace {

constexpr double kLongestInstall = 3600;
constexpr double kLongestHook = 3600;
constexpr double kMinute = 60;

bool is_hook_event(const std::string& name) {
  return name != "Install" && name != "AllowTestTraffic" && name != "AllowTraffic";
}

const base::Json& blue_green(const CodeDeployment& deployment) {
  return base::json_member(deployment.group_info, "blueGreenDeploymentConfiguration");
}

std::vector<std::string> route_listeners(const CodeDeployment& deployment, const char* route) {
  std::vector<std::string> arns;
  const base::Json& pairs = base::json_member(base::json_member(deployment.group_info, "loadBalancerInfo"),
                                              "targetGroupPairInfoList");
  for (const base::Json& pair : pairs) {
    for (const base::Json& arn : base::json_member(base::json_member(pair, route), "listenerArns")) {
      if (arn.is_string()) arns.push_back(arn.get<std::string>());
    }
  }
  return arns;
}

std::vector<std::string> watched_alarms(const CodeDeployment& deployment) {
  std::vector<std::string> names;
  if (!base::json_bool(deployment.alarms, "enabled")) return names;
  for (const base::Json& alarm : base::json_member(deployment.alarms, "alarms"))
    names.push_back(base::json_string(alarm, "name"));
  return names;
}

std::vector<LifecycleEvent> events_of(const CodeDeployment& deployment) {
  std::vector<LifecycleEvent> events;
  const bool tests = !route_listeners(deployment, "testTrafficRoute").empty();
  for (const char* name :
       {"BeforeInstall", "Install", "AfterInstall", "AllowTestTraffic", "AfterAllowTestTraffic",
        "BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"}) {
    LifecycleEvent event;
    event.name = name;
    if (!tests && event.name.find("TestTraffic") != std::string::npos) continue;
    const auto hook = deployment.spec.hooks.find(name);
    if (hook != deployment.spec.hooks.end()) event.function = hook->second;
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace

CodeDeploy::CodeDeploy(CodeDeployState& state, CodeDeployWorld world, base::Clock& clock,
                       CodeDeploySettings settings)
    : state_(state), world_(std::move(world)), clock_(clock), settings_(std::move(settings)) {}

CodeDeploy::~CodeDeploy() {
  stop_loop();
}

double CodeDeploy::now() const {
  return base::to_epoch_seconds(clock_.now());
}

void CodeDeploy::start_loop() {
  loop_ = std::jthread([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      step();
      std::unique_lock lock(answers_mutex_);
      woken_.wait_for(lock, stop, std::chrono::milliseconds(50), [this] { return !answers_.empty(); });
    }
  });
}

void CodeDeploy::stop_loop() {
  if (!loop_.joinable()) return;
  loop_.request_stop();
  loop_.join();
}

void CodeDeploy::report_hook(const std::string& execution_id, base::Result<base::Json> answer) {
  const std::lock_guard lock(answers_mutex_);
  answers_.emplace_back(execution_id, std::move(answer));
  woken_.notify_all();
}

void CodeDeploy::step() {
  std::vector<std::pair<std::string, base::Result<base::Json>>> answers;
  {
    const std::lock_guard lock(answers_mutex_);
    answers.swap(answers_);
  }
  bool tell = false;
  {
    const std::lock_guard lock(state_.mutex);
    // Rollbacks are added at the end while this goes on; they begin with the next step.
    std::vector<CodeDeployment*> active;
    for (CodeDeployment& deployment : state_.deployments) {
      if (!deployment.is_over()) active.push_back(&deployment);
    }
    for (const auto& [id, answer] : answers) {
      for (CodeDeployment* deployment : active) {
        for (LifecycleEvent& event : deployment->events) {
          if (event.execution_id != id || event.status != "InProgress") continue;
          // A function reports by PutLifecycleEventHookExecutionStatus; one that says it in its answer is
          // heard, too.
          if (!answer) settle_hook(*deployment, event, "Failed", answer.error().message);
          const std::string status = answer ? base::json_string(*answer, "hookStatus") : "";
          if (status == "SUCCEEDED") settle_hook(*deployment, event, "Succeeded", "");
          if (status == "FAILED") settle_hook(*deployment, event, "Failed", "the function answered FAILED");
        }
      }
    }
    for (CodeDeployment* deployment : active) advance(*deployment);
    tell = std::exchange(changed_, false);
  }
  if (tell && world_.changed) world_.changed();
}

base::Json CodeDeploy::service_of(const CodeDeployment& deployment) {
  const base::Json& services = base::json_member(deployment.group_info, "ecsServices");
  const base::Json named = services.is_array() && !services.empty() ? services[0] : base::Json();
  return {{"cluster", base::json_string(named, "clusterName", "default")},
          {"service", base::json_string(named, "serviceName")}};
}

void CodeDeploy::advance(CodeDeployment& deployment) {
  if (deployment.status == "Created") begin(deployment);
  if (!deployment.is_over() && !deployment.stop_rollback.empty())
    return fail(deployment, Cause::request, "MANUAL_STOP", "The deployment was stopped by a user.");
  if (!deployment.is_over() && !deployment.is_rollback() && deployment.at < deployment.events.size()) {
    std::string ringing;
    for (const AlarmView& alarm : world_.find_alarms(watched_alarms(deployment))) {
      if (alarm.in_alarm) ringing += (ringing.empty() ? "" : ", ") + alarm.name;
    }
    if (!ringing.empty()) {
      return fail(
          deployment, Cause::alarm, "ALARM_ACTIVE",
          fmt::format("One or more alarms have been activated according to the Amazon CloudWatch metrics "
                      "you selected, and the affected deployments have been stopped. Activated alarms: <{}>",
                      ringing));
    }
  }
  if (deployment.is_rollback() && !deployment.is_over()) return take_back(deployment);
  while (!deployment.is_over() && deployment.at < deployment.events.size()) {
    LifecycleEvent& event = deployment.events[deployment.at];
    if (event.name == "BeforeAllowTraffic" && event.status == "Pending" &&
        wait_until_ready(deployment) == Progress::waits)
      return;
    if (event.status == "Pending") {
      event.status = "InProgress";
      event.start_time = now();
      note_change();
    }
    const Progress progress =
        is_hook_event(event.name) ? run_hook(deployment, event) : step_event(deployment, event);
    if (deployment.is_over() || progress == Progress::waits) return;
    event.status = "Succeeded";
    event.end_time = now();
    ++deployment.at;
    deployment.waiting_since = 0;
    note_change();
  }
  if (!deployment.is_over()) finish_after_wait(deployment);
}

void CodeDeploy::begin(CodeDeployment& deployment) {
  deployment.status = "InProgress";
  deployment.start_time = now();
  note_change();
  if (deployment.is_rollback()) return;
  base::Json request = service_of(deployment);
  const auto answer = world_.call_ecs("DescribeServices",
                                      {{"cluster", request["cluster"]}, {"services", {request["service"]}}});
  const base::Json& services = answer ? base::json_member(*answer, "services") : base::Json();
  const base::Json service = services.is_array() && !services.empty() ? services[0] : base::Json();
  const std::string controller =
      base::json_string(base::json_member(service, "deploymentController"), "type");
  if (controller != "CODE_DEPLOY" || base::json_string(service, "status") != "ACTIVE") {
    return fail(
        deployment, Cause::failure, "INVALID_ECS_SERVICE",
        "The ECS service cannot be found, is not active, or its deployment controller is not CODE_DEPLOY.");
  }
  for (const base::Json& task_set : base::json_member(service, "taskSets")) {
    const std::string arn = base::json_string(task_set, "taskSetArn");
    if (base::json_string(task_set, "status") == "PRIMARY") {
      const base::Json& balancers = base::json_member(task_set, "loadBalancers");
      deployment.blue.task_set = arn;
      // Nothing answers there, and no weight spares a request that is sent to it.
      if (base::json_integer(task_set, "computedDesiredCount") == 0) deployment.traffic = {{100, 0}};
      if (!balancers.empty()) deployment.blue.group_arn = base::json_string(balancers[0], "targetGroupArn");
    } else {  // what an earlier deployment that was not rolled back has left
      request["taskSet"] = arn;
      request["force"] = true;
      (void)world_.call_ecs("DeleteTaskSet", request);
    }
  }
  const base::Json& pairs = base::json_member(base::json_member(deployment.group_info, "loadBalancerInfo"),
                                              "targetGroupPairInfoList");
  for (const base::Json& pair : pairs) {
    for (const base::Json& entry : base::json_member(pair, "targetGroups")) {
      const auto arn = world_.group_arn(base::json_string(entry, "name"));
      if (arn && *arn != deployment.blue.group_arn) deployment.green.group_arn = *arn;
    }
  }
  if (deployment.blue.task_set.empty() || deployment.green.group_arn.empty()) {
    return fail(
        deployment, Cause::failure, "ELASTIC_LOAD_BALANCING_INVALID",
        "The service has no primary task set, or no target group of the deployment group is free for the "
        "replacement task set.");
  }
  deployment.events = events_of(deployment);
}

CodeDeploy::Progress CodeDeploy::step_event(CodeDeployment& deployment, LifecycleEvent& event) {
  if (event.name == "Install") return install(deployment, event);
  if (event.name == "AllowTraffic") return shift(deployment);
  share(deployment, "testTrafficRoute", 100);
  return Progress::goes_on;
}

CodeDeploy::Progress CodeDeploy::install(CodeDeployment& deployment, LifecycleEvent& event) {
  base::Json request = service_of(deployment);
  if (deployment.green.task_set.empty()) {
    share(deployment, "prodTrafficRoute", 0);  // the group has to be in use for its targets to be checked
    request["taskDefinition"] = deployment.spec.task_definition;
    request["externalId"] = deployment.id;
    request["startedBy"] = "CODE_DEPLOY";
    request["scale"] = {{"value", 100}, {"unit", "PERCENT"}};
    request["loadBalancers"] = base::Json::array({{{"targetGroupArn", deployment.green.group_arn},
                                                   {"containerName", deployment.spec.container},
                                                   {"containerPort", deployment.spec.port}}});
    if (!deployment.spec.network_configuration.is_null())
      request["networkConfiguration"] = deployment.spec.network_configuration;
    if (!deployment.spec.capacity_provider_strategy.is_null())
      request["capacityProviderStrategy"] = deployment.spec.capacity_provider_strategy;
    const auto made = world_.call_ecs("CreateTaskSet", request);
    if (!made) {
      fail(deployment, Cause::failure, "ECS_UPDATE_ERROR",
           fmt::format("The deployment failed because the replacement task set could not be created: {}",
                       made.error().message));
      return Progress::waits;
    }
    deployment.green.task_set = base::json_string(base::json_member(*made, "taskSet"), "taskSetArn");
    note_change();
    return Progress::waits;
  }
  request["taskSets"] = {deployment.green.task_set};
  const auto answer = world_.call_ecs("DescribeTaskSets", request);
  const base::Json& sets = answer ? base::json_member(*answer, "taskSets") : base::Json();
  if (sets.is_array() && !sets.empty() && base::json_string(sets[0], "stabilityStatus") == "STEADY_STATE")
    return Progress::goes_on;
  if (seconds_since(event.start_time) > kLongestInstall) {
    fail(deployment, Cause::failure, "TIMEOUT",
         "The deployment timed out while waiting for the replacement task set to become healthy. This time "
         "out "
         "period is 60 minutes.");
  }
  return Progress::waits;
}

CodeDeploy::Progress CodeDeploy::shift(CodeDeployment& deployment) {
  while (true) {
    const TrafficStep& step = deployment.traffic[deployment.traffic_step];
    if (deployment.waiting_since == 0) {
      share(deployment, "prodTrafficRoute", step.percent);
      deployment.green_percent = step.percent;
      deployment.waiting_since = now();
      note_change();
    }
    if (deployment.traffic_step + 1 == deployment.traffic.size()) break;
    if (seconds_since(deployment.waiting_since) < step.wait_minutes * kMinute) return Progress::waits;
    ++deployment.traffic_step;
    deployment.waiting_since = 0;
  }
  base::Json request = service_of(deployment);
  request["primaryTaskSet"] = deployment.green.task_set;
  if (auto primary = world_.call_ecs("UpdateServicePrimaryTaskSet", request); !primary) {
    fail(deployment, Cause::failure, "ECS_UPDATE_ERROR", primary.error().message);
    return Progress::waits;
  }
  return Progress::goes_on;
}

CodeDeploy::Progress CodeDeploy::run_hook(CodeDeployment& deployment, LifecycleEvent& event) {
  if (event.function.empty()) return Progress::goes_on;
  if (event.execution_id.empty()) {
    event.execution_id = base::random_hex(24);
    note_change();
  }
  if (!std::exchange(event.is_called, true)) {
    world_.call_hook(
        {event.execution_id,
         event.function,
         {{"DeploymentId", deployment.id}, {"LifecycleEventHookExecutionId", event.execution_id}}});
  }
  if (seconds_since(event.start_time) > kLongestHook)
    settle_hook(deployment, event, "Failed", "the function did not report within an hour");
  return event.status == "Succeeded" ? Progress::goes_on : Progress::waits;
}

void CodeDeploy::settle_hook(CodeDeployment& deployment, LifecycleEvent& event, const std::string& status,
                             const std::string& message) {
  event.status = status;
  event.end_time = now();
  event.message = message;
  event.error_code = status == "Succeeded" ? "Success" : "ScriptFailed";
  note_change();
  if (status == "Succeeded") return;
  fail(deployment, Cause::failure, "HOOK_EXECUTION_FAILURE",
       fmt::format("The deployment failed because the {} hook {} failed{}{}.", event.name, event.function,
                   message.empty() ? "" : ": ", message));
}

/// Before production traffic: with STOP_DEPLOYMENT until somebody lets it go on.
CodeDeploy::Progress CodeDeploy::wait_until_ready(CodeDeployment& deployment) {
  const base::Json& option = base::json_member(blue_green(deployment), "deploymentReadyOption");
  if (deployment.may_shift || base::json_string(option, "actionOnTimeout") != "STOP_DEPLOYMENT") {
    deployment.status = "InProgress";
    return Progress::goes_on;
  }
  if (deployment.status != "Ready") {
    deployment.status = "Ready";
    deployment.waiting_since = now();
    note_change();
  }
  const double minutes = base::json_number(option, "waitTimeInMinutes", 0);
  if (seconds_since(deployment.waiting_since) >= minutes * kMinute) {
    fail(deployment, Cause::request, "TIMEOUT",
         "The deployment was stopped because traffic was not rerouted before the end of its wait time.");
  }
  return Progress::waits;
}

void CodeDeploy::finish_after_wait(CodeDeployment& deployment) {
  const base::Json& option =
      base::json_member(blue_green(deployment), "terminateBlueInstancesOnDeploymentSuccess");
  if (base::json_string(option, "action", "TERMINATE") == "TERMINATE") {
    if (deployment.waiting_since == 0) {
      deployment.waiting_since = now();
      note_change();
    }
    const double minutes = base::json_number(option, "terminationWaitTimeInMinutes", 0);
    if (!deployment.may_terminate && seconds_since(deployment.waiting_since) < minutes * kMinute) return;
    if (!end_task_set(deployment, deployment.blue)) return;
  }
  deployment.status = "Succeeded";
  deployment.complete_time = now();
  note_change();
}

void CodeDeploy::share(const CodeDeployment& deployment, const char* route, double green_percent) {
  const RuleWeights weights = rule_weights(green_percent);
  for (const std::string& arn : route_listeners(deployment, route)) {
    if (!world_.forward(
            arn, {{deployment.green.group_arn, weights.target}, {deployment.blue.group_arn, weights.source}}))
      base::log(base::LogLevel::warning, fmt::format("the listener {} is gone", arn));
  }
}

}  // namespace emulator
