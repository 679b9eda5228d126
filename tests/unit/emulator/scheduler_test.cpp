#include "emulator/scheduler.h"

#include "tests/unit/emulator/ecs_fixture.h"

namespace emulator {
namespace {

class SchedulerTest : public EcsFixture {};

TEST_F(SchedulerTest, BringsANewServiceToASteadyState) {
  run_service(3);
  EXPECT_EQ(running().size(), 3U);
  EXPECT_EQ(service()["runningCount"], 3);
  EXPECT_EQ(service()["pendingCount"], 0);
  EXPECT_EQ(newest_deployment()["status"], "SUCCESSFUL");
  EXPECT_TRUE(has_event("(service items) has started 3 tasks: (task "));
  EXPECT_TRUE(
      has_event(std::string("(service items) registered 3 targets in (target-group ") + kGroup + ")"));
  EXPECT_TRUE(has_event("deployment completed."));
  EXPECT_TRUE(has_event("(service items) has reached a steady state."));
}

TEST_F(SchedulerTest, KeepsTheDesiredNumberHealthyWhileItReplacesAllTasks) {
  run_service(3);
  const std::string second = add_revision(Behaviour::good);
  update(second);
  EXPECT_EQ(service()["deployments"][0]["status"], "PRIMARY");
  EXPECT_EQ(service()["deployments"][1]["status"], "ACTIVE");
  fewest_healthy_.reset();
  settle();
  EXPECT_EQ(fewest_healthy_, 3);
  EXPECT_EQ(running(), (std::multiset<std::string>{second, second, second}));
  ASSERT_EQ(service()["deployments"].size(), 1U);
  EXPECT_EQ(service()["deployments"][0]["rolloutState"], "COMPLETED");
  EXPECT_EQ(newest_deployment()["status"], "SUCCESSFUL");
}

TEST_F(SchedulerTest, IsCompleteOnlyWhenTheOldTasksAreGone) {
  run_service(1);
  drains_at_once_ = false;
  update(add_revision(Behaviour::good));
  settle();
  EXPECT_EQ(service()["deployments"][0]["rolloutState"], "IN_PROGRESS") << "the old target still drains";
  EXPECT_TRUE(has_event("has begun draining connections on 1 tasks."));
  drains_at_once_ = true;
  settle();
  EXPECT_EQ(service()["deployments"][0]["rolloutState"], "COMPLETED");
}

TEST_F(SchedulerTest, StopsATaskOnlyAfterItsTargetDrained) {
  run_service(1);
  const std::string old = state_.tasks.front().id;
  drains_at_once_ = false;
  update(add_revision(Behaviour::good));
  settle();
  const TaskRecord& task = *state_.find_task(old);
  EXPECT_EQ(task.desired_status, "STOPPED");
  EXPECT_EQ(task.last_status, "DEACTIVATING") << "no SIGTERM while requests may be under way";
  drains_at_once_ = true;
  settle();
  EXPECT_EQ(task.last_status, "STOPPED");
  EXPECT_EQ(task.stop_code, "ServiceSchedulerInitiated");
  EXPECT_EQ(task.stopped_reason, "Scaling activity initiated by (deployment " +
                                     service()["deployments"][0]["id"].get<std::string>() + ")");
}

TEST_F(SchedulerTest, StopsATaskOfAUserWithoutWaitingForTheDrain) {
  run_service(1);
  drains_at_once_ = false;
  const std::string id = state_.tasks.front().id;
  ASSERT_TRUE(call("StopTask", {{"cluster", "production"}, {"task", id}, {"reason", "to try it"}}).ok());
  scheduler_.step();
  EXPECT_EQ(told_to_stop_, (std::vector<std::string>{id}));
  EXPECT_EQ(targets_.begin()->second.state, TargetState::draining) << "it gets no new requests";
  settle();
  EXPECT_EQ(stopped_tasks()[0]["stopCode"], "UserInitiated");
  EXPECT_EQ(stopped_tasks()[0]["stoppedReason"], "to try it");
  EXPECT_EQ(running().size(), 1U) << "the service replaces it";
}

TEST_F(SchedulerTest, RollsBackAVersionWhoseHealthChecksFail) {
  run_service(2);
  const base::Json before = service()["deployments"][0];
  update(add_revision(Behaviour::sick));
  const std::string failed = service()["deployments"][0]["id"];
  fewest_healthy_.reset();
  settle();
  EXPECT_EQ(fewest_healthy_, 2) << "the old version serves throughout";
  EXPECT_EQ(running(), (std::multiset<std::string>{"items:1", "items:1"}));
  EXPECT_EQ(service()["deployments"][0]["id"], before["id"]);
  EXPECT_EQ(service()["deployments"][0]["rolloutState"], "COMPLETED");
  const base::Json record = newest_deployment();
  EXPECT_EQ(record["status"], "ROLLBACK_SUCCESSFUL");
  EXPECT_EQ(record["deploymentCircuitBreaker"]["status"], "TRIGGERED");
  EXPECT_EQ(record["deploymentCircuitBreaker"]["threshold"], 3);
  EXPECT_GE(record["deploymentCircuitBreaker"]["failureCount"].get<int>(), 3);
  EXPECT_EQ(record["rollback"]["reason"], "ECS deployment circuit breaker: rolling back to deploymentId " +
                                              before["id"].get<std::string>() + ".");
  EXPECT_TRUE(has_event("(deployment " + failed + ") deployment failed: tasks failed to start."));
  EXPECT_TRUE(has_event("(port 8000) is unhealthy in (target-group " + std::string(kGroup) +
                        ") due to (reason Health checks failed with these codes: [500])."));
  EXPECT_EQ(stopped_tasks()[0]["stoppedReason"],
            "Task failed ELB health checks in (target-group " + std::string(kGroup) + ")");
}

TEST_F(SchedulerTest, RollsBackAVersionThatCrashesAndKeepsItsExitCode) {
  run_service(1);
  update(add_revision(Behaviour::crashes));
  settle();
  EXPECT_EQ(newest_deployment()["status"], "ROLLBACK_SUCCESSFUL");
  EXPECT_EQ(running(), (std::multiset<std::string>{"items:1"}));
  const base::Json task = stopped_tasks()[0];
  EXPECT_EQ(task["stopCode"], "EssentialContainerExited");
  EXPECT_EQ(task["stoppedReason"], "Essential container in task exited");
  EXPECT_EQ(task["containers"][0]["exitCode"], 1);
}

TEST_F(SchedulerTest, StopsStartingWhenNoDeploymentWasEverComplete) {
  ASSERT_TRUE(call("CreateService", service_request(add_revision(Behaviour::cannot_start), 2)).ok());
  settle();
  const base::Json deployment = service()["deployments"][0];
  EXPECT_EQ(deployment["rolloutState"], "FAILED");
  EXPECT_EQ(deployment["rolloutStateReason"], "ECS deployment circuit breaker: tasks failed to start.");
  EXPECT_GE(deployment["failedTasks"].get<int>(), 3);
  EXPECT_EQ(service()["runningCount"], 0);
  EXPECT_EQ(stopped_tasks()[0]["stopCode"], "TaskFailedToStart");
  const std::size_t orders = all_orders_.size();
  clock_.advance(std::chrono::hours(1));
  settle();
  EXPECT_EQ(all_orders_.size(), orders);
}

TEST_F(SchedulerTest, FailsWithoutRollingBackWhenThatIsSwitchedOff) {
  run_service(1);
  ASSERT_TRUE(
      call("UpdateService", {{"cluster", "production"},
                             {"service", "items"},
                             {"deploymentConfiguration",
                              {{"deploymentCircuitBreaker", {{"enable", true}, {"rollback", false}}}}}})
          .ok());
  update(add_revision(Behaviour::crashes));
  settle();
  EXPECT_EQ(service()["deployments"][0]["rolloutState"], "FAILED");
  EXPECT_EQ(newest_deployment()["status"], "STOPPED");
  EXPECT_EQ(running(), (std::multiset<std::string>{"items:1"})) << "the old tasks carry the traffic";
}

TEST_F(SchedulerTest, TriesWithoutEndButEverMoreRarelyWithoutABreaker) {
  base::Json request = service_request(add_revision(Behaviour::cannot_start), 1);
  request["deploymentConfiguration"].erase("deploymentCircuitBreaker");
  ASSERT_TRUE(call("CreateService", request).ok());
  settle();
  for (int i = 0; i < 3600; ++i) clock_.advance(std::chrono::seconds(1)), round();
  EXPECT_EQ(service()["deployments"][0]["rolloutState"], "IN_PROGRESS");
  EXPECT_GT(all_orders_.size(), 5U);
  EXPECT_LT(all_orders_.size(), 25U);
  EXPECT_TRUE(has_event("is unable to consistently start tasks successfully."));
}

TEST_F(SchedulerTest, CountsAHealthyTaskAsTheEndOfARowOfFailures) {
  run_service(1);
  const std::string flaky = add_revision(Behaviour::crashes);
  update(flaky);
  for (int i = 0; i < 200 && all_orders_.size() < 3; ++i) round();  // two crash
  behaviour_[flaky] = Behaviour::good;
  settle();
  EXPECT_EQ(newest_deployment()["status"], "SUCCESSFUL");
  EXPECT_EQ(running(), (std::multiset<std::string>{flaky}));
}

TEST_F(SchedulerTest, ForgivesFailedChecksDuringTheGracePeriod) {
  base::Json request = service_request(add_revision(Behaviour::sick), 1);
  request["healthCheckGracePeriodSeconds"] = 60;
  ASSERT_TRUE(call("CreateService", request).ok());
  for (int i = 0; i < 50; ++i) clock_.advance(std::chrono::seconds(1)), round();
  EXPECT_EQ(running().size(), 1U);
  EXPECT_EQ(service()["deployments"][0]["failedTasks"], 0);
  for (int i = 0; i < 30; ++i) clock_.advance(std::chrono::seconds(1)), round();
  EXPECT_GE(service()["deployments"][0]["failedTasks"].get<int>(), 1);
}

TEST_F(SchedulerTest, SaysThatItIsStuckWhenTheLimitsAllowNothing) {
  base::Json request = service_request(add_revision(Behaviour::good), 1);
  request["deploymentConfiguration"]["maximumPercent"] = 150;
  ASSERT_TRUE(call("CreateService", request).ok());
  settle();
  update(add_revision(Behaviour::good));
  settle();
  EXPECT_EQ(running(), (std::multiset<std::string>{"items:1"}));
  EXPECT_TRUE(
      has_event("was unable to stop or start tasks during a deployment because of the service "
                "deployment configuration."));
}

TEST_F(SchedulerTest, PinsTheDigestThatTheFirstTaskPulled) {
  run_service(1);
  const std::string first = digest_;
  digest_ = "sha256:" + std::string(64, 'b');  // the tag moves
  ASSERT_TRUE(
      call("UpdateService", {{"cluster", "production"}, {"service", "items"}, {"desiredCount", 2}}).ok());
  settle();
  EXPECT_EQ(all_orders_.back().pinned_digests.at("items"), first);
  ASSERT_TRUE(
      call("UpdateService", {{"cluster", "production"}, {"service", "items"}, {"forceNewDeployment", true}})
          .ok());
  settle();
  EXPECT_TRUE(all_orders_.back().pinned_digests.empty() ||
              all_orders_.back().pinned_digests.at("items") == digest_);
}

TEST_F(SchedulerTest, ScalesInAndOutWithoutADeployment) {
  run_service(1);
  const std::string id = service()["deployments"][0]["id"];
  ASSERT_TRUE(
      call("UpdateService", {{"cluster", "production"}, {"service", "items"}, {"desiredCount", 4}}).ok());
  settle();
  EXPECT_EQ(running().size(), 4U);
  ASSERT_TRUE(
      call("UpdateService", {{"cluster", "production"}, {"service", "items"}, {"desiredCount", 0}}).ok());
  settle();
  EXPECT_EQ(running().size(), 0U);
  EXPECT_EQ(service()["deployments"][0]["id"], id);
}

TEST_F(SchedulerTest, RollsBackWhenAUserStopsTheDeployment) {
  run_service(1);
  update(add_revision(Behaviour::slow));
  for (int i = 0; i < 5; ++i) round();
  ASSERT_TRUE(
      call("StopServiceDeployment", {{"serviceDeploymentArn", newest_deployment()["serviceDeploymentArn"]}})
          .ok());
  settle();
  EXPECT_EQ(newest_deployment()["status"], "ROLLBACK_SUCCESSFUL");
  EXPECT_EQ(running(), (std::multiset<std::string>{"items:1"}));
  EXPECT_EQ(code_of("StopServiceDeployment",
                    {{"serviceDeploymentArn", newest_deployment()["serviceDeploymentArn"]}}),
            "ConflictException");
}

TEST_F(SchedulerTest, EndsADeploymentThatANewerOneReplaced) {
  run_service(1);
  update(add_revision(Behaviour::slow));
  for (int i = 0; i < 5; ++i) round();
  const std::string third = add_revision(Behaviour::good);
  update(third);
  settle();
  EXPECT_EQ(running(), (std::multiset<std::string>{third}));
  const auto list = call("ListServiceDeployments", {{"cluster", "production"}, {"service", "items"}});
  EXPECT_EQ((*list)["serviceDeployments"][0]["status"], "SUCCESSFUL");
  EXPECT_EQ((*list)["serviceDeployments"][1]["status"], "STOPPED");
}

TEST_F(SchedulerTest, LeavesNoRollbackUnfinishedWhenANewDeploymentComesDuringIt) {
  run_service(1);
  drains_at_once_ = false;
  update(add_revision(Behaviour::sick));
  settle();
  ASSERT_EQ(newest_deployment()["status"], "ROLLBACK_IN_PROGRESS");
  drains_at_once_ = true;
  const std::string third = add_revision(Behaviour::good);
  update(third);
  settle();
  EXPECT_EQ(running(), (std::multiset<std::string>{third}));
  const auto list = call("ListServiceDeployments", {{"cluster", "production"}, {"service", "items"}});
  for (const base::Json& entry : (*list)["serviceDeployments"])
    EXPECT_TRUE(entry.contains("finishedAt")) << entry;
}

TEST_F(SchedulerTest, RemovesADeletedServiceWithItsTasks) {
  run_service(2);
  EXPECT_EQ(code_of("DeleteService", {{"cluster", "production"}, {"service", "items"}}),
            "InvalidParameterException");
  ASSERT_TRUE(call("DeleteService", {{"cluster", "production"}, {"service", "items"}, {"force", true}}).ok());
  EXPECT_EQ(service()["status"], "DRAINING");
  settle();
  EXPECT_EQ(service()["status"], "INACTIVE");
  EXPECT_EQ(running().size(), 0U);
  EXPECT_TRUE(targets_.empty());
}

TEST_F(SchedulerTest, RunsATaskOfItsOwnToItsEnd) {
  const std::string revision = add_revision(Behaviour::crashes);
  const auto answer = call("RunTask", {{"cluster", "production"}, {"taskDefinition", revision}});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ((*answer)["tasks"][0]["lastStatus"], "PROVISIONING");
  settle();
  EXPECT_EQ(stopped_tasks().size(), 1U) << "nobody starts it again";
  EXPECT_EQ(stopped_tasks()[0]["containers"][0]["exitCode"], 1);
}

TEST_F(SchedulerTest, NeverRunsMoreTasksThanTheMachineIsGoodFor) {
  ASSERT_TRUE(call("CreateService", service_request(add_revision(Behaviour::good), 5000)).ok());
  for (int i = 0; i < 5; ++i) round();
  EXPECT_EQ(all_orders_.size(), kMostTasks);
  EXPECT_TRUE(has_event("was unable to place a task."));
  const auto answer = call("RunTask", {{"cluster", "production"}, {"taskDefinition", "items"}});
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE((*answer)["tasks"].empty());
  EXPECT_EQ((*answer)["failures"].size(), 1U);
}

TEST_F(SchedulerTest, WaitsForTheContainersOwnHealthCheck) {
  base::Json with_check = definition();
  with_check["containerDefinitions"][0]["healthCheck"] = {{"command", {"CMD-SHELL", "true"}}};
  ASSERT_TRUE(call("RegisterTaskDefinition", with_check).ok());
  behaviour_["items:1"] = Behaviour::good;
  ASSERT_TRUE(call("CreateService", service_request("items:1", 1)).ok());
  settle();
  EXPECT_EQ(service()["deployments"][0]["rolloutState"], "IN_PROGRESS") << "nothing is known of it yet";
  report(all_orders_[0].task_id, TaskEvent::container_health, {{"items", "", "HEALTHY", std::nullopt, ""}});
  settle();
  EXPECT_EQ(service()["deployments"][0]["rolloutState"], "COMPLETED");
  report(all_orders_[0].task_id, TaskEvent::container_health, {{"items", "", "UNHEALTHY", std::nullopt, ""}});
  round(), round();
  EXPECT_TRUE(has_event("failed container health checks."));
}

TEST_F(SchedulerTest, ForgetsStoppedTasksAfterAnHour) {
  run_service(1);
  ASSERT_TRUE(call("StopTask", {{"cluster", "production"}, {"task", state_.tasks.front().id}}).ok());
  settle();
  EXPECT_EQ(stopped_tasks().size(), 1U);
  clock_.advance(std::chrono::minutes(61));
  round();
  EXPECT_EQ(stopped_tasks().size(), 0U);
}

TEST_F(SchedulerTest, IgnoresReportsOfTasksThatItDoesNotKnow) {
  run_service(1);
  report("no-such-task", TaskEvent::running);
  report("no-such-task", TaskEvent::stopped);
  settle();
  EXPECT_EQ(running().size(), 1U);
}

TEST_F(SchedulerTest, StartsTheTasksOfAKeptServiceAgain) {
  run_service(2);
  update(add_revision(Behaviour::slow));
  round();
  const base::Json kept = kept_state(state_);
  // Another process takes over: records are there, tasks are not.
  EcsState after{"eu-central-1", "123456789012"};
  ASSERT_TRUE(load_kept_state(after, *base::parse_json(kept.dump())).ok());
  EXPECT_TRUE(after.tasks.empty());
  state_.services = after.services;
  state_.families = after.families;
  state_.tasks.clear();
  targets_.clear();
  all_orders_.clear();
  behaviour_["items:2"] = Behaviour::sick;
  settle();
  EXPECT_EQ(running(), (std::multiset<std::string>{"items:1", "items:1"}))
      << "the unfinished deployment fails and the kept one is rolled back to";
  EXPECT_EQ(newest_deployment()["status"], "ROLLBACK_SUCCESSFUL");
}

}  // namespace
}  // namespace emulator
