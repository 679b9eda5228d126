#pragma once
// CodeDeploy for ECS: its API over CodeDeployState, and the loop that carries deployments out. It acts on ECS
// and the load balancers only through CodeDeployWorld, as CodeDeploy does through their APIs.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "emulator/alarm_states.h"
#include "emulator/code_deploy_state.h"
#include "emulator/elb_state.h"
#include "emulator/scheduler.h"
#include "emulator/service.h"

namespace emulator {

/// What CodeDeploy acts on. No function may call back into it but report_hook().
struct CodeDeployWorld {
  std::function<base::Result<base::Json>(const std::string& operation, const base::Json& request)> call_ecs;
  /// The default rule of a listener forwards to these groups from now on.
  std::function<bool(const std::string& listener_arn, std::vector<WeightedGroup> groups)> forward;
  std::function<std::optional<std::string>(const std::string& name)> group_arn;
  std::function<void(HookCall call)> call_hook;
  FindAlarms find_alarms;
  std::function<base::Result<base::Json>(const std::string& text)> read_yaml;
  std::function<void()> changed;  ///< state that outlives a restart changed
};

struct CodeDeploySettings {
  std::string account;
  std::string region;
  double time_scale = 1;
};

class CodeDeploy {
 public:
  CodeDeploy(CodeDeployState& state, CodeDeployWorld world, base::Clock& clock, CodeDeploySettings settings);
  ~CodeDeploy();

  /// All operations.
  ServiceTable table();
  /// Adds the applications and groups that a seed's `code_deploy` declares and that are not there yet. Locks
  /// the state. `find_listener` gives the ARN of a listener by the seed's name for it.
  base::Result<void> apply_seed(
      const base::Json& seed,
      const std::function<std::optional<std::string>(const std::string& name)>& find_listener);
  /// The loop: a step every 50 ms.
  void start_loop();
  void stop_loop();
  /// All that can be done now. Locks the state.
  void step();
  /// From any thread: what a hook's function answered.
  void report_hook(const std::string& execution_id, base::Result<base::Json> answer);

 private:
  using Function = ApiResult (CodeDeploy::*)(const base::Json& input);
  static const std::map<std::string, Function>& functions();
  // code_deploy_groups.cpp
  ApiResult create_application(const base::Json& input);
  ApiResult get_application(const base::Json& input);
  ApiResult list_applications(const base::Json& input);
  ApiResult batch_get_applications(const base::Json& input);
  ApiResult delete_application(const base::Json& input);
  ApiResult create_deployment_group(const base::Json& input);
  ApiResult update_deployment_group(const base::Json& input);
  ApiResult get_deployment_group(const base::Json& input);
  ApiResult list_deployment_groups(const base::Json& input);
  ApiResult batch_get_deployment_groups(const base::Json& input);
  ApiResult delete_deployment_group(const base::Json& input);
  ApiResult create_deployment_config(const base::Json& input);
  ApiResult get_deployment_config(const base::Json& input);
  ApiResult list_deployment_configs(const base::Json& input);
  ApiResult delete_deployment_config(const base::Json& input);
  // code_deploy_deployments.cpp
  ApiResult create_deployment(const base::Json& input);
  ApiResult get_deployment(const base::Json& input);
  ApiResult batch_get_deployments(const base::Json& input);
  ApiResult list_deployments(const base::Json& input);
  ApiResult stop_deployment(const base::Json& input);
  ApiResult continue_deployment(const base::Json& input);
  ApiResult get_deployment_target(const base::Json& input);
  ApiResult batch_get_deployment_targets(const base::Json& input);
  ApiResult list_deployment_targets(const base::Json& input);
  ApiResult put_hook_status(const base::Json& input);
  ApiResult register_revision(const base::Json& input);
  ApiResult get_revision(const base::Json& input);
  ApiResult list_revisions(const base::Json& input);
  base::Result<AppSpec> spec_of(const base::Json& revision) const;
  base::Json deployment_info(const CodeDeployment& deployment);
  base::Json target_info(const CodeDeployment& deployment);
  [[nodiscard]] std::optional<base::Json> routing_of(const std::string& config_name) const;
  std::variant<CodeDeployment*, ApiFailure> active_deployment(const base::Json& input);
  // code_deploy_rollback.cpp
  bool end_task_set(const CodeDeployment& deployment, const TargetSet& set);
  void take_back(CodeDeployment& deployment);
  enum class Cause { failure, alarm, request };
  void fail(CodeDeployment& deployment, Cause cause, const std::string& code, const std::string& message);
  void roll_back(CodeDeployment& failed, Cause cause);
  // code_deploy_loop.cpp
  enum class Progress { waits, goes_on };
  void advance(CodeDeployment& deployment);
  void begin(CodeDeployment& deployment);
  Progress step_event(CodeDeployment& deployment, LifecycleEvent& event);
  Progress install(CodeDeployment& deployment, LifecycleEvent& event);
  Progress shift(CodeDeployment& deployment);
  Progress run_hook(CodeDeployment& deployment, LifecycleEvent& event);
  Progress wait_until_ready(CodeDeployment& deployment);
  void finish_after_wait(CodeDeployment& deployment);
  void share(const CodeDeployment& deployment, const char* route, double green_percent);
  void settle_hook(CodeDeployment& deployment, LifecycleEvent& event, const std::string& status,
                   const std::string& message);
  base::Json service_of(const CodeDeployment& deployment);
  [[nodiscard]] double now() const;
  [[nodiscard]] double seconds_since(double then) const { return (now() - then) * settings_.time_scale; }
  void note_change() { changed_ = true; }

  CodeDeployState& state_;
  CodeDeployWorld world_;
  base::Clock& clock_;
  CodeDeploySettings settings_;
  std::mutex answers_mutex_;
  std::vector<std::pair<std::string, base::Result<base::Json>>> answers_;
  std::condition_variable_any woken_;
  bool changed_ = false;
  std::jthread loop_;
};

/// An error of CodeDeploy's API.
inline ApiFailure code_deploy_failure(std::string code, std::string message) {
  return {std::move(code), std::move(message), 400};
}

}  // namespace emulator
