#include "emulator/compute.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/log.h"
#include "emulator/code_deploy_service.h"
#include "emulator/ecs_service.h"
#include "emulator/elb_service.h"
#include "emulator/json_file.h"
#include "emulator/lambda_functions.h"
#include "emulator/load_metrics.h"
#include "emulator/scaled_clock.h"
#include "emulator/scheduler.h"
#include "emulator/service_metrics.h"
#include "emulator/task.h"
#include "emulator/task_metadata.h"

namespace emulator {

namespace {

constexpr std::size_t kEventsOfStatus = 10;

class RunningCompute final : public Compute {
 public:
  explicit RunningCompute(ComputeOptions options)
      : options_(std::move(options)),
        clock_(*options_.clock, options_.time_scale),
        ecs_state_(options_.region, options_.account),
        elb_state_(
            options_.region, options_.account,
            [this](const std::string& address, std::uint16_t port) { return tasks_->connect(address, port); },
            options_.time_scale),
        ecs_(ecs_state_, clock_,
             {.wake = [this] { scheduler_->wake(); },
              .group_is_usable = [this](const std::string& arn) { return group_is_usable(arn); },
              .rule_exists = [this](const std::string& arn) { return elb_state_.has_rule(arn); }}) {
    scheduler_.emplace(ecs_state_, world(), clock_, SchedulerSettings{.time_scale = options_.time_scale});
  }

  ~RunningCompute() override {
    if (code_deploy_) code_deploy_->stop_loop();
    scheduler_->stop_loop();
    if (began_) save();  // a start that failed half-way leaves the state as it was
  }

  base::Result<void> begin() {
    TRY(auto hosts, read_outside_hosts(options_.seed));
    TRY(network_,
        TaskNetwork::make(std::move(hosts), [this](const OutsideHost& host) { return connect(host); }));
    tasks_.emplace(surroundings(), options_.state_folder / "tasks",
                   [this](TaskReport report) { scheduler_->report(std::move(report)); });
    TRY(auto functions, LambdaFunctions::read_seed(options_.seed));
    functions_.emplace(std::move(functions),
                       LambdaSettings{options_.http, fmt::format("http://127.0.0.1:{}", options_.api_port),
                                      options_.region, options_.time_scale});
    TRY(base::make_directories(options_.state_folder, 0700));
    TRY(const auto ecs, load_json_file(ecs_file()));
    TRY(load_kept_state(ecs_state_, ecs).while_doing("reading " + ecs_file().string()));
    TRY(const auto elb, load_json_file(elb_file()));
    TRY(elb_state_.load(elb).while_doing("reading " + elb_file().string()));
    TRY(const auto deploys, load_json_file(code_deploy_file()));
    TRY(load_kept_state(code_deploy_state_, deploys).while_doing("reading " + code_deploy_file().string()));
    code_deploy_.emplace(code_deploy_state_, code_deploy_world(), clock_,
                         CodeDeploySettings{options_.account, options_.region, options_.time_scale});
    TRY(elb_state_.apply_seed(options_.seed));
    TRY(ecs_.apply_seed(options_.seed,
                        {.find_group = [this](const std::string& name) { return group_arn(name); },
                         .find_rule = [this](const std::string& name) -> std::optional<std::string> {
                           const auto found = elb_state_.listener_called(name);
                           return found ? std::optional(found->default_rule_arn) : std::nullopt;
                         }}));
    TRY(code_deploy_->apply_seed(options_.seed,
                                 [this](const std::string& name) -> std::optional<std::string> {
                                   const auto found = elb_state_.listener_called(name);
                                   return found ? std::optional(found->listener_arn) : std::nullopt;
                                 }));
    save();
    began_ = true;
    scheduler_->start_loop();
    code_deploy_->start_loop();
    return {};
  }

  ServiceTable ecs() override {
    return ecs_.table([this] { save(); });
  }
  ServiceTable elb() override {
    return elb_service(elb_state_, clock_, [this] {
      save();
      scheduler_->wake();
    });
  }

  std::vector<std::string> roles_of(const std::string& task_definition) override {
    const std::lock_guard lock(ecs_state_.mutex);
    const auto* definition = ecs_state_.find_task_definition(task_definition);
    std::vector<std::string> roles;
    for (const char* member : {"taskRoleArn", "executionRoleArn"}) {
      auto role = definition == nullptr ? "" : base::json_string(*definition, member);
      if (!role.empty()) roles.push_back(std::move(role));
    }
    return roles;
  }

  std::optional<base::Json> task_metadata(const std::string& task_id, const std::string& container) override {
    const std::lock_guard lock(ecs_state_.mutex);
    return emulator::task_metadata(ecs_state_, task_id, container);
  }
  std::optional<std::string> role_of_task(const std::string& task_id) override {
    const std::lock_guard lock(ecs_state_.mutex);
    return emulator::role_of_task(ecs_state_, task_id);
  }
  std::optional<TaskUsage> usage_of_task(const std::string& task_id) override {
    return tasks_->usage(task_id);
  }

  void measure(MetricStore& metrics, double now) override {
    if (!load_metrics_) {
      load_metrics_.emplace(elb_state_, metrics);
      service_metrics_.emplace(metrics, options_.time_scale);
    }
    load_metrics_->measure(now);
    if (service_metrics_->is_due(now)) service_metrics_->measure(tasks_->usages(), now);
  }
  base::Result<base::Json> dimensions_of(const std::string& target_group,
                                         const std::string& load_balancer) override {
    return load_dimensions(elb_state_, target_group, load_balancer);
  }
  ServiceTable code_deploy() override { return code_deploy_->table(); }

  base::Json status() override {
    base::Json status = {{"services", service_status()}};
    status.update(elb_state_.status());
    return status;
  }

 private:
  [[nodiscard]] base::Path ecs_file() const { return options_.state_folder / "ecs.json"; }
  [[nodiscard]] base::Path elb_file() const { return options_.state_folder / "elb.json"; }

  [[nodiscard]] base::Path code_deploy_file() const { return options_.state_folder / "codedeploy.json"; }

  [[nodiscard]] TaskSurroundings surroundings() const {
    return {.store = options_.images,
            .find_manifest = options_.find_manifest,
            .find_secret = options_.find_secret,
            .check_pull = options_.check_pull,
            .faults_of = options_.faults_of,
            .open_log = options_.open_log,
            .append_log = options_.append_log,
            .network = network_.get(),
            .agent_variables = options_.agent_variables,
            .file_systems = options_.state_folder / "efs",
            .region = options_.region};
  }

  /// Of an outside host: this machine's port, or any of the service's tasks that run.
  base::Result<base::Fd> connect(const OutsideHost& host) {
    if (host.service.empty())
      return tasks_->connect("127.0.0.1", host.name.empty() ? options_.api_port : host.local_port);
    std::vector<std::string> addresses;
    {
      const std::lock_guard lock(ecs_state_.mutex);
      for (const auto& task : ecs_state_.tasks) {
        if (task.is_running() && task.is_live() && task.group == "service:" + host.service &&
            last_part(task.cluster_arn) == host.cluster)
          addresses.push_back(task.address);
      }
    }
    for (const auto& address : addresses) {
      if (auto connection = tasks_->connect(address, host.port)) return connection;
    }
    return base::make_error(base::ErrorKind::unavailable, fmt::format("{}: no task of {}/{} answers",
                                                                      host.name, host.cluster, host.service));
  }

  SchedulerWorld world() {
    SchedulerWorld world;
    world.start_task = [this](TaskOrder order) { tasks_->start(std::move(order)); };
    world.stop_task = [this](const std::string& id) { tasks_->stop(id); };
    world.register_target = [this](const TaskTarget& target) {
      if (const auto group = elb_state_.group(target.group_arn)) group->register_target(target.id);
    };
    world.deregister_target = [this](const TaskTarget& target) {
      if (const auto group = elb_state_.group(target.group_arn)) group->deregister_target(target.id);
    };
    world.target_health = [this](const TaskTarget& target) {
      const auto group = elb_state_.group(target.group_arn);
      return group ? group->health_of(target.id) : unregistered_target();
    };
    world.share_traffic = [this](const TrafficShare& share) { share_traffic(share); };
    world.call_hook = [this](HookCall call) {
      functions_->invoke(call.function_arn, std::move(call.payload),
                         [this, id = call.run_id](base::Result<base::Json> answer) {
                           scheduler_->report_hook(id, std::move(answer));
                         });
    };
    world.find_alarms = find_alarms();
    world.changed = [this] { save(); };
    return world;
  }

  [[nodiscard]] FindAlarms find_alarms() const {
    if (options_.find_alarms) return options_.find_alarms;
    return [](const std::vector<std::string>&) { return std::vector<AlarmView>{}; };
  }

  CodeDeployWorld code_deploy_world() {
    CodeDeployWorld world;
    world.call_ecs = [this](const std::string& operation, const base::Json& request) {
      return ecs_.call(operation, request, fmt::format("arn:aws:iam::{}:root", options_.account));
    };
    world.forward = [this](const std::string& listener, std::vector<WeightedGroup> groups) {
      return elb_state_.forward_to(listener, std::move(groups));
    };
    world.group_arn = [this](const std::string& name) { return group_arn(name); };
    world.call_hook = [this](HookCall call) {
      functions_->invoke(call.function_arn, std::move(call.payload),
                         [this, id = call.run_id](base::Result<base::Json> answer) {
                           code_deploy_->report_hook(id, std::move(answer));
                         });
    };
    world.find_alarms = find_alarms();
    world.read_yaml = options_.read_yaml;
    if (!world.read_yaml) world.read_yaml = [](const std::string& text) { return base::parse_json(text); };
    world.changed = [this] { save(); };
    return world;
  }

  void share_traffic(const TrafficShare& share) {
    const RuleWeights weights = rule_weights(share.target_percent);
    std::vector<WeightedGroup> groups = {{share.target_group, weights.target}};
    if (!share.source_group.empty() && share.source_group != share.target_group)
      groups.push_back({share.source_group, weights.source});
    if (!elb_state_.forward_to(share.rule_arn, std::move(groups)))
      base::log(base::LogLevel::warning, fmt::format("the listener rule {} is gone", share.rule_arn));
  }

  bool group_is_usable(const std::string& arn) {
    const auto lock = elb_state_.lock();
    return elb_state_.find_target_group(arn) != nullptr && !elb_state_.users_of(arn).empty();
  }

  std::optional<std::string> group_arn(const std::string& name) {
    const auto lock = elb_state_.lock();
    const auto* group = elb_state_.find_target_group(name);
    return group == nullptr ? std::nullopt : std::optional(group->arn);
  }

  void save() {
    base::Json ecs;
    {
      const std::lock_guard lock(ecs_state_.mutex);
      ecs = kept_state(ecs_state_);
    }
    const std::lock_guard lock(saving_);
    for (const auto& [file, json] :
         {std::pair(ecs_file(), std::move(ecs)), std::pair(elb_file(), elb_state_.to_json()),
          std::pair(code_deploy_file(), kept_state(code_deploy_state_))}) {
      if (auto saved = save_json_file(file, json); !saved)
        base::log(base::LogLevel::error, saved.error().to_string());
    }
  }

  base::Json deployments_status(const Service& service) const {
    base::Json list = base::Json::array();
    for (const auto& deployment : service.deployments) {
      const auto running =
          std::count_if(ecs_state_.tasks.begin(), ecs_state_.tasks.end(), [&](const auto& task) {
            return task.deployment_id == deployment.id && task.last_status == "RUNNING";
          });
      list.push_back({{"id", deployment.id},
                      {"status", deployment.status},
                      {"task_definition", last_part(deployment.task_definition_arn)},
                      {"rollout_state", deployment.rollout_state},
                      {"reason", deployment.rollout_reason},
                      {"running", running},
                      {"failed", deployment.failed_tasks}});
    }
    return list;
  }

  static base::Json newest_events(const Service& service) {
    base::Json list = base::Json::array();
    for (const auto& event : service.events) {
      if (list.size() < kEventsOfStatus) list.push_back(event.message);
    }
    return list;
  }

  base::Json service_status() {
    const std::lock_guard lock(ecs_state_.mutex);
    base::Json services = base::Json::array();
    for (const auto& service : ecs_state_.services) {
      if (service.status == "INACTIVE") continue;
      base::Json tasks = base::Json::array();
      int running = 0;
      for (const auto& task : ecs_state_.tasks) {
        if (task.service_arn != service.arn || task.last_status == "STOPPED") continue;
        if (task.last_status == "RUNNING") ++running;
        tasks.push_back({{"id", task.id},
                         {"address", task.address},
                         {"status", task.last_status},
                         {"task_definition", last_part(task.task_definition_arn)}});
      }
      const auto* primary = service.deployments.empty() ? nullptr : &service.deployments.front();
      services.push_back(
          {{"cluster", last_part(service.cluster_arn)},
           {"name", service.name},
           {"desired", service.desired_count},
           {"running", running},
           {"task_definition", primary == nullptr ? "" : last_part(primary->task_definition_arn)},
           {"rollout_state", primary == nullptr ? "" : primary->rollout_state},
           {"deployments", deployments_status(service)},
           {"events", newest_events(service)},
           {"tasks", std::move(tasks)}});
    }
    return services;
  }

  ComputeOptions options_;
  ScaledClock clock_;
  bool began_ = false;
  std::mutex saving_;
  EcsState ecs_state_;
  std::optional<Scheduler> scheduler_;
  std::unique_ptr<TaskNetwork> network_;
  std::optional<TaskRunner> tasks_;
  ElbState elb_state_;  // below the tasks: its checks dial into them to the end
  EcsService ecs_;
  std::optional<LoadMetrics> load_metrics_;
  std::optional<ServiceMetrics> service_metrics_;
  CodeDeployState code_deploy_state_;
  std::optional<CodeDeploy> code_deploy_;
  std::optional<LambdaFunctions> functions_;  // last, so that no answer comes after their end
};

}  // namespace

base::Result<std::unique_ptr<Compute>> Compute::start(ComputeOptions options) {
  auto compute = std::make_unique<RunningCompute>(std::move(options));
  TRY(compute->begin());
  return std::unique_ptr<Compute>(std::move(compute));
}

}  // namespace emulator
