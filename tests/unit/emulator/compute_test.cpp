// ECS and ELBv2 with tasks that really run: an image of one static program, rolled out behind a real
// listener.
#include "emulator/compute.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/unit/emulator/compute_fixture.h"

namespace emulator {
namespace {

class ComputeTest : public ComputeFixture {};

/// Asks the load balancer without a pause and remembers what was answered.
class Prober {
 public:
  Prober(std::uint16_t port, std::string path)
      : thread_([this, port, path = std::move(path)](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            base::RawClient client(port);
            client.send("GET " + path + " HTTP/1.1\r\nHost: items.test\r\nConnection: close\r\n\r\n");
            const std::string answer = client.receive_all();
            const std::lock_guard lock(mutex_);
            ++requests_;
            if (!answer.starts_with("HTTP/1.1 200 ")) failures_.push_back(answer);
            versions_.insert(answer.substr(std::min(answer.size(), answer.rfind('\n') + 1)));
          }
        }) {}
  void stop() {
    thread_.request_stop();
    thread_.join();
  }
  int requests_ = 0;
  std::vector<std::string> failures_;
  std::set<std::string> versions_;

 private:
  std::mutex mutex_;
  std::jthread thread_;
};

TEST_F(ComputeTest, RollsOutWithoutOneFailedRequest) {
  EXPECT_TRUE(get().starts_with("HTTP/1.1 503")) << "nothing was deployed yet";
  deploy(definition({{"VERSION", "v1"}}));
  wait_for("SUCCESSFUL");
  Prober quick(port_, "/");
  Prober slow(port_, "/slow");
  deploy(definition({{"VERSION", "v2"}}));
  wait_for("SUCCESSFUL");
  EXPECT_TRUE(get().ends_with("v2"));
  quick.stop();
  slow.stop();
  EXPECT_TRUE(quick.failures_.empty())
      << quick.failures_.size() << " of " << quick.requests_ << ", the first: " << quick.failures_[0];
  EXPECT_TRUE(slow.failures_.empty()) << slow.failures_.size() << " of " << slow.requests_;
  EXPECT_EQ(quick.versions_, (std::set<std::string>{"v1", "v2"}));
  EXPECT_EQ(service()["runningCount"], 2);
  EXPECT_NE(log().find("listening as v2 with secret s3cret"), std::string::npos);
  const base::Json status = compute_->status();
  EXPECT_GE(status["target_groups"][0]["requests"].get<int>(), quick.requests_);
  EXPECT_EQ(status["target_groups"][0]["http_5xx"], 0);
  EXPECT_EQ(status["services"][0]["rollout_state"], "COMPLETED");
}

TEST_F(ComputeTest, RollsBackASickVersionWithoutOneFailedRequest) {
  deploy(definition({{"VERSION", "v1"}}));
  wait_for("SUCCESSFUL");
  Prober prober(port_, "/");
  deploy(definition({{"VERSION", "v2"}, {"HEALTH", "500"}}));
  wait_for("ROLLBACK_SUCCESSFUL");
  prober.stop();
  EXPECT_TRUE(prober.failures_.empty()) << prober.failures_.size() << " of " << prober.requests_;
  EXPECT_EQ(prober.versions_, (std::set<std::string>{"v1"})) << "what never was healthy gets no request";
  EXPECT_TRUE(eventually([&] { return stopped_task()["lastStatus"] == "STOPPED"; }));
  const std::string reason = stopped_task()["stoppedReason"];
  EXPECT_TRUE(
      reason.starts_with("Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:"))
      << reason;
  EXPECT_NE(service()["events"].dump().find("Health checks failed with these codes: [500]"),
            std::string::npos);
}

TEST_F(ComputeTest, RollsBackAVersionThatCrashesAndKeepsItsTraceback) {
  deploy(definition({{"VERSION", "v1"}}));
  wait_for("SUCCESSFUL");
  deploy(definition({{"VERSION", "v2"}, {"CRASH", "1"}}));
  wait_for("ROLLBACK_SUCCESSFUL");
  EXPECT_TRUE(get().ends_with("v1"));
  const base::Json task = stopped_task("EssentialContainerExited");
  ASSERT_TRUE(task.is_object());
  EXPECT_EQ(task["stoppedReason"], "Essential container in task exited");
  EXPECT_EQ(task["containers"][0]["exitCode"], 3);
  EXPECT_EQ(task["containers"][0]["imageDigest"], digest_);
  EXPECT_NE(log().find("RuntimeError: the configuration is missing"), std::string::npos);
}

TEST_F(ComputeTest, SaysWhyATaskCouldNotStart) {
  deploy(definition({{"VERSION", "v1"}}, "127.0.0.1:5000/items:2"));
  EXPECT_TRUE(eventually([&] { return service()["deployments"][0]["rolloutState"] == "FAILED"; }));
  const base::Json task = stopped_task();
  EXPECT_EQ(task["stopCode"], "TaskFailedToStart");
  const std::string reason = task["stoppedReason"];
  EXPECT_TRUE(reason.starts_with("CannotPullContainerError: ")) << reason;
  EXPECT_NE(reason.find("items:2: not found"), std::string::npos) << reason;
}

TEST_F(ComputeTest, KeepsServicesOverARestartAndLeavesNothingBehind) {
  deploy(definition({{"VERSION", "v1"}}));
  wait_for("SUCCESSFUL");
  const base::Json before = service();
  compute_.reset();
  EXPECT_FALSE(base::RawClient(port_).connected()) << "the listener is closed";
  EXPECT_EQ(base::read_file("/proc/thread-self/children").value_or("?"), "");
  EXPECT_TRUE(base::list_directory(folder_->path() / "compute" / "tasks")
                  .value_or(std::vector<std::string>())
                  .empty());
  EXPECT_EQ(base::read_file("/proc/self/mountinfo")->find(folder_->path().string()), std::string::npos);

  start();
  EXPECT_TRUE(eventually([&] { return get().ends_with("v1"); })) << service().dump(1);
  const base::Json after = service();
  EXPECT_EQ(after["deployments"][0]["id"], before["deployments"][0]["id"]);
  EXPECT_EQ(after["taskDefinition"], before["taskDefinition"]);
  EXPECT_EQ(after["createdAt"], before["createdAt"]);
  deploy(definition({{"VERSION", "v2"}}));
  wait_for("SUCCESSFUL");
  EXPECT_TRUE(get().ends_with("v2"));
}

TEST_F(ComputeTest, RefusesASeedThatCannotWorkAndChangesNothing) {
  compute_.reset();
  const auto kept = base::read_file(folder_->path() / "compute" / "elb.json");
  for (const auto& [key, value] : std::map<std::string, base::Json>{{"interval_seconds", 0},
                                                                    {"timeout_seconds", -1},
                                                                    {"path", "no slash"},
                                                                    {"matcher", "abc"},
                                                                    {"port", 70000},
                                                                    {"unhealthy_threshold", 0},
                                                                    {"protocol", "TCP"},
                                                                    {"path", "/a\r\nX: b"},
                                                                    {"interval_seconds", 1e300}}) {
    ComputeOptions options;
    options.state_folder = folder_->path() / "compute";
    options.account = "123456789012";
    options.region = "eu-central-1";
    options.seed = seed();
    options.seed["target_groups"][0]["health_check"][key] = value;
    options.images = &*images_;
    options.clock = &base::system_clock();
    const auto started = Compute::start(std::move(options));
    ASSERT_FALSE(started.ok()) << key;
    EXPECT_NE(started.error().to_string().find("target group items of the seed"), std::string::npos);
  }
  EXPECT_EQ(base::read_file(folder_->path() / "compute" / "elb.json").value_or(""), *kept);
}

}  // namespace
}  // namespace emulator
