// Rolling deployments that watch alarms, and those that users stop.
#include "tests/unit/emulator/ecs_fixture.h"

namespace emulator {
namespace {

class SchedulerAlarmsTest : public EcsFixture {
 protected:
  void watch(const std::string& alarm) {
    ASSERT_TRUE(call("UpdateService",
                     {{"cluster", "production"},
                      {"service", "items"},
                      {"deploymentConfiguration",
                       {{"alarms", {{"alarmNames", {alarm}}, {"enable", true}, {"rollback", true}}}}}})
                    .ok());
  }
  base::Json stop(const std::string& type) {
    const auto answer =
        call("StopServiceDeployment",
             {{"serviceDeploymentArn", newest_deployment()["serviceDeploymentArn"]}, {"stopType", type}});
    return answer ? *answer : base::Json(answer.error().code);
  }
};

TEST_F(SchedulerAlarmsTest, WatchesAlarmsForTheirTimeAfterTheOldTasksAreGone) {
  run_service(1);
  alarms_ = {{"errors", false, 120}};
  watch("errors");
  update(add_revision(Behaviour::good));
  pass(60);
  EXPECT_EQ(running(), (std::multiset<std::string>{"items:2"}));
  EXPECT_EQ(newest_deployment()["status"], "IN_PROGRESS") << "it bakes";
  EXPECT_EQ(newest_deployment()["alarms"]["status"], "MONITORING");
  pass(70);
  EXPECT_EQ(newest_deployment()["status"], "SUCCESSFUL");
  EXPECT_EQ(newest_deployment()["alarms"]["status"], "MONITORING_COMPLETE");
}

TEST_F(SchedulerAlarmsTest, RollsBackWhenAnAlarmRings) {
  run_service(2);
  alarms_ = {{"errors", false, 120}};
  watch("errors");
  update(add_revision(Behaviour::good));
  pass(60);
  alarms_[0].in_alarm = true;
  pass(20);
  const base::Json ended = newest_deployment();
  EXPECT_EQ(ended["status"], "ROLLBACK_SUCCESSFUL") << ended.dump(1);
  EXPECT_EQ(ended["alarms"]["status"], "TRIGGERED");
  EXPECT_EQ(ended["alarms"]["triggeredAlarmNames"], base::Json({"errors"}));
  EXPECT_EQ(running(), (std::multiset<std::string>{"items:1", "items:1"}));
}

TEST_F(SchedulerAlarmsTest, DoesNotWatchAnAlarmThatRingsAlready) {
  run_service(1);
  alarms_ = {{"errors", true, 120}};
  watch("errors");
  update(add_revision(Behaviour::good));
  pass(20);
  EXPECT_EQ(newest_deployment()["status"], "SUCCESSFUL");
  EXPECT_EQ(newest_deployment()["alarms"]["status"], "DISABLED");
}

TEST_F(SchedulerAlarmsTest, StopsWhereItIsWhenAUserAborts) {
  run_service(2);
  update(add_revision(Behaviour::slow));
  pass(5);
  EXPECT_TRUE(stop("ABORT").contains("serviceDeploymentArn"));
  pass(5);
  EXPECT_EQ(newest_deployment()["status"], "STOPPED");
  EXPECT_EQ(service()["deployments"][0]["rolloutState"], "FAILED");
  EXPECT_EQ(stop("ROLLBACK"), "ConflictException");
  EXPECT_EQ(stop("SIDEWAYS"), "InvalidParameterException");
}

TEST_F(SchedulerAlarmsTest, CountsFailuresBetweenHealthyTasksWhenToldTo) {
  run_service(1);
  const base::Json breaker = {{"enable", true},
                              {"rollback", true},
                              {"resetOnHealthyTask", false},
                              {"thresholdConfiguration", {{"type", "COUNT"}, {"value", 2}}}};
  ASSERT_TRUE(call("UpdateService", {{"cluster", "production"},
                                     {"service", "items"},
                                     {"deploymentConfiguration", {{"deploymentCircuitBreaker", breaker}}}})
                  .ok());
  update(add_revision(Behaviour::crashes));
  pass(10);
  EXPECT_EQ(newest_deployment()["deploymentCircuitBreaker"]["threshold"], 2);
  EXPECT_EQ(newest_deployment()["deploymentCircuitBreaker"]["failureCount"], 2);
  EXPECT_EQ(newest_deployment()["status"], "ROLLBACK_SUCCESSFUL");
}

TEST_F(SchedulerAlarmsTest, TellsTroubleOnceUntilItIsOver) {
  run_service(1);
  Service& service = state_.services.front();
  service.add_event(10'000, "(service items) was unable to place a task.");
  service.add_event(10'010, "(service items) has started 1 tasks: (task a).");
  service.add_event(10'020, "(service items) was unable to place a task.");
  EXPECT_EQ(service.events[0].message, "(service items) has started 1 tasks: (task a).");
  service.add_event(10'000 + 6 * 3600, "(service items) was unable to place a task.");
  EXPECT_EQ(service.events[0].message, "(service items) was unable to place a task.");
  service.add_event(10'001 + 6 * 3600, "(service items) has reached a steady state.");
  service.add_event(10'002 + 6 * 3600, "(service items) was unable to place a task.");
  EXPECT_EQ(service.events[0].message, "(service items) was unable to place a task.");
}

}  // namespace
}  // namespace emulator
