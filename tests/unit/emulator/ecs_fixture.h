#pragma once
// An ECS whose tasks are played by the test: its API, its scheduler, a clock that stands still, and a world
// in which each task behaves as its task definition's revision was told to. Nothing runs, nothing waits.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "emulator/ecs_service.h"
#include "emulator/scheduler.h"
#include "tests/fakes/fake_clock.h"

namespace emulator {

enum class Behaviour {
  good,
  sick,          ///< runs; its health check answers 500
  crashes,       ///< runs, then exits with 1
  cannot_start,  ///< its image cannot be pulled
  slow,          ///< runs; nothing is known of its health
};

class EcsFixture : public testing::Test {
 protected:
  static constexpr const char* kGroup =
      "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/items/0123456789abcdef";

  static constexpr const char* kGreenGroup =
      "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/items-green/0123456789abcdef";
  static constexpr const char* kProduction = "arn:aws:elasticloadbalancing:::listener-rule/production";
  static constexpr const char* kTest = "arn:aws:elasticloadbalancing:::listener-rule/test";

  EcsFixture() : scheduler_(state_, world(), clock_, {.healthy_after_seconds = 2}) {
    EXPECT_TRUE(call("CreateCluster", {{"clusterName", "production"}}).ok());
  }

  base::Result<base::Json> call(const std::string& operation, base::Json request) {
    return ecs_.call(operation, request, "arn:aws:iam::123456789012:user/test");
  }
  /// The exception's name, or what went through instead.
  std::string code_of(const std::string& operation, base::Json request) {
    const auto answer = call(operation, std::move(request));
    return answer ? "succeeded: " + answer->dump() : answer.error().code;
  }

  static base::Json definition(const std::string& image = "127.0.0.1:5000/items:1") {
    return {{"family", "items"},
            {"networkMode", "awsvpc"},
            {"requiresCompatibilities", {"FARGATE"}},
            {"cpu", "256"},
            {"memory", "512"},
            {"containerDefinitions",
             {{{"name", "items"}, {"image", image}, {"portMappings", {{{"containerPort", 8000}}}}}}}};
  }
  /// The new revision's name, family:revision.
  std::string add_revision(Behaviour behaviour) {
    const auto answer = call("RegisterTaskDefinition", definition());
    EXPECT_TRUE(answer.ok());
    const std::string name = fmt::format("items:{}", (*answer)["taskDefinition"]["revision"].get<int>());
    behaviour_[name] = behaviour;
    return name;
  }
  static base::Json service_request(const std::string& task_definition, int desired) {
    return {{"cluster", "production"},
            {"serviceName", "items"},
            {"taskDefinition", task_definition},
            {"desiredCount", desired},
            {"launchType", "FARGATE"},
            {"loadBalancers",
             {{{"targetGroupArn", kGroup}, {"containerName", "items"}, {"containerPort", 8000}}}},
            {"deploymentConfiguration",
             {{"minimumHealthyPercent", 100},
              {"maximumPercent", 200},
              {"deploymentCircuitBreaker", {{"enable", true}, {"rollback", true}}}}}};
  }
  /// A service whose first deployment is over.
  void run_service(int desired) {
    const auto made = call("CreateService", service_request(add_revision(Behaviour::good), desired));
    ASSERT_TRUE(made.ok()) << made.error().to_string();
    settle();
    ASSERT_EQ(service()["deployments"][0]["rolloutState"], "COMPLETED");
  }
  void update(const std::string& task_definition) {
    const auto answer =
        call("UpdateService",
             {{"cluster", "production"}, {"service", "items"}, {"taskDefinition", task_definition}});
    ASSERT_TRUE(answer.ok()) << answer.error().to_string();
  }
  base::Json service() {
    const auto answer = call("DescribeServices", {{"cluster", "production"}, {"services", {"items"}}});
    return answer ? (*answer)["services"][0] : base::Json();
  }
  /// What DescribeServiceDeployments tells of the newest one.
  base::Json newest_deployment() {
    const auto list = call("ListServiceDeployments", {{"cluster", "production"}, {"service", "items"}});
    const auto answer =
        call("DescribeServiceDeployments",
             {{"serviceDeploymentArns", {(*list)["serviceDeployments"][0]["serviceDeploymentArn"]}}});
    return (*answer)["serviceDeployments"][0];
  }
  bool has_event(const std::string& part) {
    const base::Json now = service();
    for (const base::Json& event : now["events"]) {
      if (event["message"].get<std::string>().find(part) != std::string::npos) return true;
    }
    return false;
  }
  /// Revisions of the tasks that run and are to run on.
  std::multiset<std::string> running() {
    std::multiset<std::string> revisions;
    for (const TaskRecord& task : state_.tasks) {
      if (task.is_live() && task.is_running()) revisions.insert(last_part(task.task_definition_arn));
    }
    return revisions;
  }
  base::Json stopped_tasks() {
    base::Json list = base::Json::array();
    for (const TaskRecord& task : state_.tasks) {
      if (task.last_status != "STOPPED") continue;
      const auto answer = call("DescribeTasks", {{"cluster", "production"}, {"tasks", {task.arn}}});
      list.push_back((*answer)["tasks"][0]);
    }
    return list;
  }

  void report(const std::string& task, TaskEvent event, std::vector<ContainerReport> containers = {},
              const std::string& code = "", const std::string& reason = "") {
    scheduler_.report({task, event, std::move(containers), code, reason});
  }

  /// One round: the scheduler's step, then what the tasks and targets do next. False when nothing happened.
  bool round() {
    scheduler_.step();
    count_healthy();
    bool happened = false;
    for (const TaskOrder& order : std::exchange(started_, {})) happened = true, begin(order);
    for (const std::string& id : std::exchange(told_to_stop_, {})) {
      happened = true;
      report(id, TaskEvent::container_stopped, {{"items", "", "", 143, ""}});
      report(id, TaskEvent::stopped);
    }
    for (const HookCall& call : std::exchange(waiting_calls_, {})) {
      happened = true;
      scheduler_.report_hook(call.run_id, hook_answer_);
    }
    for (auto& [target, health] : targets_) happened = check(target, health) || happened;
    if (drains_at_once_) {
      happened =
          std::erase_if(targets_,
                        [](const auto& entry) { return entry.second.state == TargetState::draining; }) > 0 ||
          happened;
    }
    return happened;
  }
  /// So many seconds of rounds.
  void pass(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      while (round()) {
      }
      clock_.advance(std::chrono::seconds(1));
    }
  }
  /// Rounds until nothing happens any more.
  void settle() {
    for (int quiet = 0, rounds = 0; quiet < 3; ++rounds) {
      ASSERT_LT(rounds, 500) << "it never comes to rest";
      quiet = round() ? 0 : quiet + 1;
      clock_.advance(std::chrono::milliseconds(500));
    }
  }

  fakes::FakeClock clock_;
  EcsState state_{"eu-central-1", "123456789012"};
  bool group_is_usable_ = true;
  EcsService ecs_{state_, clock_, {.wake = nullptr, .group_is_usable = [this](const std::string&) {
                                     return group_is_usable_;
                                   }}};
  std::map<std::string, Behaviour> behaviour_;  ///< by family:revision
  bool drains_at_once_ = true;
  std::vector<TaskOrder> started_;
  std::vector<TaskOrder> all_orders_;
  std::vector<std::string> told_to_stop_;
  std::map<TargetId, TargetHealth> targets_;
  std::map<TargetId, Behaviour> behaviour_of_target_;
  std::map<std::string, TrafficShare> shares_;  ///< by rule, as they are now
  std::vector<std::string> shifts_;             ///< of the production rule, in order: "10 % to items-green"
  std::vector<HookCall> calls_;
  std::vector<HookCall> waiting_calls_;
  base::Json hook_answer_ = {{"hookStatus", "SUCCEEDED"}};
  std::vector<AlarmView> alarms_;
  std::optional<int> fewest_healthy_;  ///< seen by round() since it was reset
  std::string digest_ = "sha256:" + std::string(64, 'a');
  Scheduler scheduler_;

 private:
  SchedulerWorld world() {
    SchedulerWorld world;
    world.start_task = [this](TaskOrder order) {
      all_orders_.push_back(order);
      started_.push_back(std::move(order));
    };
    world.stop_task = [this](const std::string& id) { told_to_stop_.push_back(id); };
    world.register_target = [this](const TaskTarget& target) { targets_[target.id] = {}; };
    world.deregister_target = [this](const TaskTarget& target) {
      if (targets_.contains(target.id)) targets_[target.id].state = TargetState::draining;
    };
    world.target_health = [this](const TaskTarget& target) {
      const auto found = targets_.find(target.id);
      return found == targets_.end() ? unregistered_target() : found->second;
    };
    world.share_traffic = [this](const TrafficShare& share) {
      shares_[share.rule_arn] = share;
      if (share.rule_arn != kProduction) return;
      const std::string text = fmt::format("{:g} % to {}", share.target_percent,
                                           share.target_group == kGroup ? "items" : "items-green");
      if (shifts_.empty() || shifts_.back() != text) shifts_.push_back(text);
    };
    world.call_hook = [this](HookCall call) {
      calls_.push_back(call);
      waiting_calls_.push_back(std::move(call));
    };
    world.find_alarms = [this](const std::vector<std::string>& names) {
      std::vector<AlarmView> found;
      for (const AlarmView& alarm : alarms_) {
        if (std::find(names.begin(), names.end(), alarm.name) != names.end()) found.push_back(alarm);
      }
      return found;
    };
    return world;
  }

  void begin(const TaskOrder& order) {
    const std::string revision = last_part(base::json_string(order.task_definition, "taskDefinitionArn"));
    const Behaviour behaviour = behaviour_[revision];
    behaviour_of_target_[{order.address, 8000}] = behaviour;
    report(order.task_id, TaskEvent::pull_started);
    if (behaviour == Behaviour::cannot_start) {
      report(order.task_id, TaskEvent::stopped, {}, "TaskFailedToStart",
             "CannotPullContainerError: the image is not there");
      return;
    }
    report(order.task_id, TaskEvent::pull_stopped, {{"items", digest_, "", std::nullopt, ""}});
    report(order.task_id, TaskEvent::running);
    if (behaviour != Behaviour::crashes) return;
    report(order.task_id, TaskEvent::container_stopped, {{"items", "", "", 1, ""}});
    report(order.task_id, TaskEvent::stopping);
    report(order.task_id, TaskEvent::stopped, {}, "EssentialContainerExited",
           "Essential container in task exited");
  }

  bool check(const TargetId& target, TargetHealth& health) {
    if (health.state != TargetState::initial) return false;
    if (behaviour_of_target_[target] == Behaviour::good) {
      health = {TargetState::healthy, "", ""};
    } else if (behaviour_of_target_[target] == Behaviour::sick) {
      health = {TargetState::unhealthy, "Target.ResponseCodeMismatch",
                "Health checks failed with these codes: [500]"};
    } else {
      return false;
    }
    return true;
  }

  void count_healthy() {
    int healthy = 0;
    for (const auto& [target, health] : targets_) healthy += health.state == TargetState::healthy ? 1 : 0;
    fewest_healthy_ = std::min(fewest_healthy_.value_or(healthy), healthy);
  }
};

}  // namespace emulator
