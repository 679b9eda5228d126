#pragma once
// ECS and ELBv2 whose tasks really run: an image of one static program (tiny_web_server.cpp), a service
// behind a real listener, nothing deployed yet.

#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <optional>

#include "ecr/layer.h"
#include "emulator/compute.h"
#include "tests/unit/base/raw_client.h"
#include "tests/unit/emulator/backend.h"

namespace emulator {

class ComputeFixture : public testing::Test {
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
      if (log_.size() < 1'000'000) log_ += stream + ": " + line + "\n";
    };
    options.find_secret = [](const SecretOrder& order) -> base::Result<std::string> {
      const auto& from = order.value_from;
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

  static base::Json definition(const base::Json& variables,
                               const std::string& image = "127.0.0.1:5000/items:1") {
    base::Json container = {{"name", "items"},
                            {"image", image},
                            {"portMappings", {{{"containerPort", 8000}}}},
                            {"environment", base::Json::array()},
                            {"secrets", {{{"name", "SECRET"}, {"valueFrom", "items/token"}}}},
                            {"logConfiguration",
                             {{"logDriver", "awslogs"},
                              {"options",
                               {{"awslogs-group", "/ecs/items"},
                                {"awslogs-region", "eu-central-1"},
                                {"awslogs-stream-prefix", "ecs"}}}}}};
    for (const auto& [name, value] : variables.items())
      container["environment"].push_back({{"name", name}, {"value", value}});
    return {{"family", "items"},
            {"networkMode", "awsvpc"},
            {"requiresCompatibilities", {"FARGATE"}},
            {"cpu", "256"},
            {"memory", "512"},
            {"executionRoleArn", "arn:aws:iam::123456789012:role/execution"},
            {"containerDefinitions", {container}}};
  }
  void deploy(const base::Json& task_definition) {
    ecs("RegisterTaskDefinition", task_definition);
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
  /// The id of a task of its own.
  std::string run_task(const base::Json& task_definition) {
    ecs("RegisterTaskDefinition", task_definition);
    const base::Json answer = ecs("RunTask", {{"cluster", "production"}, {"taskDefinition", "items"}});
    return answer["tasks"][0]["taskArn"];
  }
  base::Json task(const std::string& arn) {
    return ecs("DescribeTasks", {{"cluster", "production"}, {"tasks", {arn}}})["tasks"][0];
  }
  bool reaches(const std::string& arn, const std::string& status) {
    return eventually([&] { return task(arn)["lastStatus"] == status; });
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

}  // namespace emulator
