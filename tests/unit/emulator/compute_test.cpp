// ECS and ELBv2 with tasks that really run: an image of one static program, rolled out behind a real
// listener.
#include "emulator/compute.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "ecr/layer.h"
#include "tests/unit/base/raw_client.h"
#include "tests/unit/emulator/backend.h"

namespace emulator {
namespace {

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

class ComputeTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_.emplace(base::TempDir::create("compute-test").value());
    images_.emplace(ecr::ImageStore::open(folder_->path() / "images").value());
    const base::Path tree = folder_->path() / "tree";
    ASSERT_TRUE(base::make_directories(tree).ok());
    ASSERT_TRUE(base::copy_tree(TINY_WEB_SERVER, tree / "server").ok());
    const auto layer =
        ecr::write_layer(tree, {.first_host_id = static_cast<std::uint32_t>(geteuid())}, *images_);
    ASSERT_TRUE(layer.ok()) << layer.error().to_string();
    ecr::ImageConfig config;
    config.platform = ecr::host_platform();
    config.cmd = {"/server"};
    config.diff_ids = {layer->diff_id};
    const auto image = images_->put_image(config, {layer->descriptor});
    ASSERT_TRUE(image.ok()) << image.error().to_string();
    digest_ = image->digest.to_string();
    start();
  }

  void start() {
    ComputeOptions options;
    options.state_folder = folder_->path() / "compute";
    options.account = "123456789012";
    options.region = "eu-central-1";
    options.seed = seed();
    options.images = &*images_;
    options.clock = &base::system_clock();
    options.find_manifest = [this](const std::string& repository,
                                   const std::string& key) -> base::Result<std::string> {
      if (repository == "items" && (key == "1" || key == digest_)) return digest_;
      return base::make_error(base::ErrorKind::not_found, repository + ":" + key + ": not found");
    };
    options.open_log = [](const std::string& group, const std::string&, bool) -> base::Result<void> {
      if (group == "/ecs/items") return {};
      return base::make_error(base::ErrorKind::not_found, "The specified log group does not exist.");
    };
    options.append_log = [this](const std::string&, const std::string& stream, const std::string& line) {
      const std::lock_guard lock(mutex_);
      log_ += stream + ": " + line + "\n";
    };
    options.find_secret = [](const std::string& from) -> base::Result<std::string> {
      if (from == "items/token") return std::string("s3cret");
      return base::make_error(base::ErrorKind::not_found, "ResourceNotFoundException");
    };
    auto started = Compute::start(std::move(options));
    ASSERT_TRUE(started.ok()) << started.error().to_string();
    compute_ = std::move(*started);
    port_ = compute_->status()["load_balancers"][0]["listeners"][0]["port"];
  }

  static base::Json seed() {
    return {
        {"clusters", {"production"}},
        {"target_groups",
         {{{"name", "items"},
           {"port", 8000},
           {"deregistration_delay_seconds", 0.4},
           {"health_check",
            {{"path", "/health"},
             {"interval_seconds", 0.1},
             {"timeout_seconds", 2},
             {"healthy_threshold", 2},
             {"unhealthy_threshold", 3}}}}}},
        {"load_balancers", {{{"name", "items"}, {"listeners", {{{"port", 0}, {"target_group", "items"}}}}}}},
        {"services",
         {{{"name", "items"},
           {"cluster", "production"},
           {"desired_count", 2},
           {"health_check_grace_period_seconds", 0},
           {"load_balancers", {{{"target_group", "items"}, {"container", "items"}, {"port", 8000}}}},
           {"deployment_configuration",
            {{"minimum_healthy_percent", 100},
             {"maximum_percent", 200},
             {"circuit_breaker", {{"enable", true}, {"rollback", true}}}}}}}}};
  }

  base::Json ecs(const std::string& operation, base::Json input) {
    const ServiceTable table = compute_->ecs();
    const ApiResult result =
        table.operations.at(operation)({.operation = operation, .input = std::move(input)});
    if (const auto* failure = std::get_if<ApiFailure>(&result)) {
      ADD_FAILURE() << operation << ": " << failure->code << ": " << failure->message;
      return {};
    }
    return std::get<base::Json>(result);
  }
  base::Json service() {
    return ecs("DescribeServices", {{"cluster", "production"}, {"services", {"items"}}})["services"][0];
  }
  base::Json newest_deployment() {
    const base::Json list = ecs("ListServiceDeployments", {{"cluster", "production"}, {"service", "items"}});
    return ecs("DescribeServiceDeployments",
               {{"serviceDeploymentArns",
                 {list["serviceDeployments"][0]["serviceDeploymentArn"]}}})["serviceDeployments"][0];
  }

  void deploy(const base::Json& variables, const std::string& image = "127.0.0.1:5000/items:1") {
    base::Json container = {
        {"name", "items"},
        {"image", image},
        {"portMappings", {{{"containerPort", 8000}}}},
        {"environment", base::Json::array()},
        {"secrets", {{{"name", "SECRET"}, {"valueFrom", "items/token"}}}},
        {"logConfiguration",
         {{"logDriver", "awslogs"},
          {"options", {{"awslogs-group", "/ecs/items"}, {"awslogs-stream-prefix", "ecs"}}}}}};
    for (const auto& [name, value] : variables.items())
      container["environment"].push_back({{"name", name}, {"value", value}});
    ecs("RegisterTaskDefinition", {{"family", "items"},
                                   {"networkMode", "awsvpc"},
                                   {"requiresCompatibilities", {"FARGATE"}},
                                   {"cpu", "256"},
                                   {"memory", "512"},
                                   {"containerDefinitions", {container}}});
    ecs("UpdateService", {{"cluster", "production"}, {"service", "items"}, {"taskDefinition", "items"}});
  }
  void wait_for(const std::string& status) {
    EXPECT_TRUE(eventually([&] { return newest_deployment()["status"] == status; }))
        << newest_deployment().dump(1) << service()["events"].dump(1) << log();
  }
  /// A stopped task, with that stopCode when one is given.
  base::Json stopped_task(const std::string& code = "") {
    const base::Json arns =
        ecs("ListTasks", {{"cluster", "production"}, {"desiredStatus", "STOPPED"}})["taskArns"];
    if (arns.empty()) return {};
    const base::Json tasks = ecs("DescribeTasks", {{"cluster", "production"}, {"tasks", arns}})["tasks"];
    for (const base::Json& task : tasks) {
      if (code.empty() || task["stopCode"] == code) return task;
    }
    return {};
  }
  std::string log() {
    const std::lock_guard lock(mutex_);
    return log_;
  }
  [[nodiscard]] std::string get() const {
    base::RawClient client(port_);
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    return client.receive_all();
  }

  std::optional<base::TempDir> folder_;
  std::optional<ecr::ImageStore> images_;
  std::string digest_;
  std::mutex mutex_;
  std::string log_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Compute> compute_;
};

TEST_F(ComputeTest, RollsOutWithoutOneFailedRequest) {
  EXPECT_TRUE(get().starts_with("HTTP/1.1 503")) << "nothing was deployed yet";
  deploy({{"VERSION", "v1"}});
  wait_for("SUCCESSFUL");
  Prober quick(port_, "/");
  Prober slow(port_, "/slow");
  deploy({{"VERSION", "v2"}});
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
  deploy({{"VERSION", "v1"}});
  wait_for("SUCCESSFUL");
  Prober prober(port_, "/");
  deploy({{"VERSION", "v2"}, {"HEALTH", "500"}});
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
  deploy({{"VERSION", "v1"}});
  wait_for("SUCCESSFUL");
  deploy({{"VERSION", "v2"}, {"CRASH", "1"}});
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
  deploy({{"VERSION", "v1"}}, "127.0.0.1:5000/items:2");
  EXPECT_TRUE(eventually([&] { return service()["deployments"][0]["rolloutState"] == "FAILED"; }));
  const base::Json task = stopped_task();
  EXPECT_EQ(task["stopCode"], "TaskFailedToStart");
  const std::string reason = task["stoppedReason"];
  EXPECT_TRUE(reason.starts_with("CannotPullContainerError: ")) << reason;
  EXPECT_NE(reason.find("items:2: not found"), std::string::npos) << reason;
}

TEST_F(ComputeTest, KeepsServicesOverARestartAndLeavesNothingBehind) {
  deploy({{"VERSION", "v1"}});
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
  deploy({{"VERSION", "v2"}});
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
