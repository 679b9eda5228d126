// What is played on a stage: causes, interference, the deployment itself, and what serves afterwards.
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/process.h"
#include "base/strings.h"
#include "cli/rehearsal_stage.h"
#include "ecs/app_spec.h"

namespace cli {

namespace {

using base::Json;
using base::json_member;
using base::json_string;
using base::Result;

constexpr std::chrono::milliseconds kLookAgain{50};
constexpr std::chrono::seconds kSettleTime{60};
constexpr std::chrono::seconds kPatience{300};  // with what the machine itself takes
constexpr double kLongestSeconds = 7200;        // of the account: CodeDeploy waits an hour for healthy tasks
constexpr double kSlowStartSeconds = 2;
constexpr double kCrashSeconds = 0;         // before any health check has passed
constexpr double kSlowHealthSeconds = 121;  // longer than any health check waits
constexpr int kFailingCalls = 2;            // in a row: one less than clients try

std::chrono::seconds patience_at(double time_scale) {
  return kPatience + std::chrono::seconds(static_cast<std::int64_t>(kLongestSeconds / time_scale));
}

bool is_on_the_way(const std::set<std::string>& before, const std::set<std::string>& now) {
  return std::any_of(now.begin(), now.end(), [&](const auto& version) { return !before.contains(version); });
}

}  // namespace

ecs::Release RehearsalStage::release_with(Mishap mishap) const {
  auto release = options_.release;
  auto& item = *find_item(release, options_.service);
  // ECS registers no secrets without a role that reads them.
  if (mishap == Mishap::missing_secret && json_string(item.definition, "executionRoleArn").empty())
    item.definition["executionRoleArn"] = "arn:aws:iam::000000000000:role/rehearsal";
  auto& container = item.definition["containerDefinitions"][0];
  if (mishap == Mishap::missing_image) container["image"] = json_string(container, "image") + "-missing";
  if (mishap == Mishap::missing_secret)
    container["secrets"].push_back({{"name", "REHEARSAL"}, {"valueFrom", "/rehearsal/missing"}});
  if (options_.strategy == Strategy::code_deploy) {
    item.app_spec = ecs::make_app_spec(balancer_.container, balancer_.port);
    item.app_spec["Hooks"] = Json::array({{{"AfterAllowTestTraffic", kRehearsalHook}}});
    item.code_deploy_application = order_.application;
    item.code_deploy_group = order_.group;
    item.code_deploy_config.clear();
  }
  for (auto& each : release.items) each.patience = patience_at(options_.time_scale);
  return release;
}

Result<void> RehearsalStage::let_hooks_answer(const char* status) const {
  return base::write_file(hook_status_file(), status);
}

/// What goes wrong from before the deployment on.
Result<void> RehearsalStage::cause(Mishap mishap) {
  const auto fault = [&](const Json& declared) -> Result<void> {
    TRY(ask("POST", "faults", declared));
    return {};
  };
  const auto* item = find_item(options_.release, options_.service);
  const auto family = item == nullptr ? "*" : json_string(item->definition, "family") + ":*";
  switch (mishap) {
    case Mishap::crash:
      return fault({{"kind", "crash"}, {"task_definition", family}, {"after_seconds", kCrashSeconds}});
    case Mishap::unhealthy:
      return fault({{"kind", "health"}, {"task_definition", family}});
    case Mishap::slow_health:
      return fault({{"kind", "health"}, {"task_definition", family}, {"delay_seconds", kSlowHealthSeconds}});
    case Mishap::slow_start:
      return fault(
          {{"kind", "slow_start"}, {"task_definition", family}, {"after_seconds", kSlowStartSeconds}});
    case Mishap::lost_registry:
      return fault({{"kind", "pull"}, {"task_definition", family}});
    case Mishap::no_capacity:
      return fault({{"kind", "capacity"}, {"task_definition", family}});
    case Mishap::throttling:
      for (const char* action : {"ecs:RegisterTaskDefinition", "ecs:UpdateService", "ecs:Describe*",
                                 "codedeploy:CreateDeployment", "codedeploy:GetDeployment"})
        TRY(fault({{"kind", "throttle"}, {"action", action}, {"times", kFailingCalls}}));
      return {};
    case Mishap::expired_token:
      return fault({{"kind", "expired_token"}, {"action", "ecs:*"}, {"times", 1}});
    case Mishap::identity_provider:
      return fault({{"kind", "identity_provider"}, {"times", kFailingCalls}});
    case Mishap::failing_hook:
      return let_hooks_answer("FAILED");
    case Mishap::hanging_hook:
      return let_hooks_answer("IN_PROGRESS");
    default:
      return {};
  }
}

/// What goes wrong once the new version runs.
Result<void> RehearsalStage::interfere(Mishap mishap, const std::stop_token& stop) {
  if (mishap != Mishap::alarm && mishap != Mishap::stop_on_request) return {};
  TRY(const auto before, serving());
  while (true) {
    if (stop.stop_requested() || !sleep(kLookAgain)) return {};
    TRY(const auto now, serving());
    if (is_on_the_way(before, now)) break;
  }
  if (mishap == Mishap::stop_on_request) return request_stop();
  TRY(ask("POST", "faults", {{"kind", "alarm"}, {"alarm", kRehearsalAlarm}}));
  return {};
}

Result<void> RehearsalStage::request_stop() {
  const auto& [cluster, name] = options_.service;
  if (options_.strategy == Strategy::code_deploy) {
    TRY(const auto group, ecs::find_code_deploy_group(*client_, order_));
    TRY(const auto id, ecs::running_code_deploy(*client_, group));
    return ecs::stop_code_deploy(*client_, id);
  }
  TRY(const auto running, ecs::list_service_deployments(*client_, cluster, name, {"IN_PROGRESS"}));
  if (running.empty())
    return base::make_error(base::ErrorKind::not_found, "the deployment ended before it could be stopped");
  return ecs::stop_service_deployment(*client_, running.front().arn);
}

Result<RehearsedEnd> RehearsalStage::play(Mishap mishap) {
  RehearsedEnd result{.strategy = options_.strategy, .mishap = mishap};
  result.expected = expected_end(options_.strategy, mishap).value_or(ecs::RolloutEnd::completed);
  TRY(const auto before, serving());
  TRY(cause(mishap));
  base::Prober prober({.url = url_}, *http_);
  const auto started = base::system_clock().steady_now();
  Result<void> interfered;
  std::jthread interloper([&](const std::stop_token& stop) { interfered = interfere(mishap, stop); });
  const auto performed = perform(mishap);
  result.seconds = std::chrono::duration<double>(base::system_clock().steady_now() - started).count();
  interloper.request_stop();
  interloper.join();
  result.requests = prober.stop();
  TRY(ask("DELETE", "faults"));
  TRY(let_hooks_answer("SUCCEEDED"));
  TRY(std::move(interfered).while_doing(fmt::format("rehearsing {}", to_string(mishap))));
  TRY(const auto ended, performed);
  result.came = ended.end;
  result.sentence = ended.sentence;
  TRY(result.right_version, serves_at_last(before, result.expected));
  return result;
}

Result<RehearsalStage::Performance> RehearsalStage::perform(Mishap mishap) {
  if (!options_.workflow.empty()) return run_workflow();
  const auto release = release_with(mishap);
  const auto outcome = ecs::carry_out(*client_, release, [](const ecs::ReleaseItem&) {
    return ecs::FollowNews{
        .line = [](const std::string&) {}, .event = [](std::string_view, const Json&) {}, .decide_hook = {}};
  });
  Performance performance{outcome.end, ""};
  for (const auto& item : outcome.items) {
    if (item.state == ecs::ItemState::waiting) continue;
    performance.sentence = item.end.sentence;
    if (item.end.end == outcome.end && outcome.end != ecs::RolloutEnd::completed) break;
  }
  return performance;
}

/// As somebody at a terminal runs it, on this stage's emulator. What the run says of the service counts, not
/// how its other jobs end.
Result<RehearsalStage::Performance> RehearsalStage::run_workflow() const {
  TRY(const auto run, base::run_process({.argv = {"/proc/self/exe", "--state-dir", folder_.path().string(),
                                                  "run", options_.workflow, "--emulator", "--json"},
                                         .timeout = 3 * patience_at(options_.time_scale),
                                         .stop = options_.stop}));
  std::optional<Performance> performance;
  for (const auto& line : base::split(run.output, '\n')) {
    const auto event = base::parse_json(line);
    if (!event || json_string(*event, "type") != "deployment_finished" ||
        json_string(*event, "service") != options_.service.name)
      continue;
    TRY(const auto end, ecs::parse_rollout_end(json_string(*event, "status")));
    performance = Performance{end, json_string(*event, "reason")};
  }
  if (performance) return *std::move(performance);
  return base::make_error(
      base::ErrorKind::remote,
      fmt::format("{} did not deploy service {} (exit code {}): run it by itself to see why",
                  options_.workflow, options_.service.name, run.exit_code));
}

/// family:revision of each task that runs.
Result<std::set<std::string>> RehearsalStage::serving() const {
  TRY(const auto status, ask("GET", "status"));
  std::set<std::string> versions;
  for (const auto& service : json_member(status, "services")) {
    if (json_string(service, "name") != options_.service.name ||
        json_string(service, "cluster") != options_.service.cluster)
      continue;
    for (const auto& task : json_member(service, "tasks")) {
      if (json_string(task, "status") == "RUNNING") versions.insert(json_string(task, "task_definition"));
    }
  }
  return versions;
}

/// An alarm whose fault was taken back rings until it is evaluated; what begins meanwhile would be stopped.
Result<bool> RehearsalStage::alarm_rings() const {
  TRY(const auto status, ask("GET", "status"));
  for (const auto& alarm : json_member(status, "alarms")) {
    if (json_string(alarm, "name") == kRehearsalAlarm) return json_string(alarm, "state") == "ALARM";
  }
  return false;
}

/// Old tasks may take a while to go.
Result<bool> RehearsalStage::serves_at_last(const std::set<std::string>& before, ecs::RolloutEnd expected) {
  const auto deadline = base::system_clock().steady_now() + kSettleTime;
  while (true) {
    TRY(const auto now, serving());
    TRY(const bool rings, alarm_rings());
    const bool is_old = now == before;
    const bool is_new = now.size() == 1 && !before.contains(*now.begin());
    if (!rings && (expected == ecs::RolloutEnd::completed ? is_new : is_old)) return true;
    if (base::system_clock().steady_now() > deadline || !sleep(kLookAgain)) return false;
  }
}

}  // namespace cli
