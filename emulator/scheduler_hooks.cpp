// The part of the scheduler that runs lifecycle hooks: functions are called until they are done, pauses wait
// for ContinueServiceDeployment, both no longer than their time limit.
#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "emulator/scheduler.h"

namespace emulator {
namespace {

constexpr double kUsualTimeoutMinutes = 1440;
constexpr double kUsualCallBackSeconds = 30;
constexpr double kLongestCallBackSeconds = 24 * 3600.0;

bool runs_at(const base::Json& hook, const std::string& stage) {
  const base::Json& stages = base::json_member(hook, "lifecycleStages");
  return std::any_of(stages.begin(), stages.end(), [&](const base::Json& entry) { return entry == stage; });
}

bool is_of(const HookRun& run, const TrafficShift& shift) {
  return run.step == shift.at && run.on_return == shift.on_return;
}

base::Json weights(const std::string& target, double percent, const std::vector<std::string>& sources) {
  base::Json map = base::Json::object();
  if (!sources.empty()) map[sources.front()] = 100 - percent;
  map[target] = percent;
  return map;
}

}  // namespace

Scheduler::Progress Scheduler::run_hooks(Service& service, ServiceDeployment& record, const Moment& now) {
  const TrafficShift& shift = record.shift;
  const std::string stage = shift.steps[shift.at].hook_stage;
  const base::Json& hooks = base::json_member(record.configuration, "lifecycleHooks");
  Progress progress = Progress::goes_on;
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    if (!runs_at(hooks[i], stage)) continue;
    // There is nobody to ask on the way back.
    if (shift.on_return && base::json_string(hooks[i], "targetType") == "PAUSE") continue;
    HookRun& run = hook_run(record, i, now);
    const bool waits = run.status == "IN_PROGRESS" || run.status == "AWAITING_ACTION";
    if (waits && now.wall >= run.expires_at) {
      run.status = "TIMED_OUT";
      note_change();
    } else if (run.status == "IN_PROGRESS" && !run.is_called && now.wall >= run.call_at) {
      call_hook(service, record, run);
    }
    const bool failed =
        run.status == "FAILED" || (run.status == "TIMED_OUT" && run.timeout_action == "ROLLBACK");
    // On the way back a failure is told, but nothing is held up by it.
    if (failed && !shift.on_return) return Progress::fails;
    if (run.status == "IN_PROGRESS" || run.status == "AWAITING_ACTION") progress = Progress::waits;
  }
  return progress;
}

HookRun& Scheduler::hook_run(ServiceDeployment& record, std::size_t hook, const Moment& now) {
  TrafficShift& shift = record.shift;
  for (HookRun& run : shift.hooks) {
    if (run.hook == hook && is_of(run, shift)) return run;
  }
  const base::Json& settings = base::json_member(record.configuration, "lifecycleHooks")[hook];
  const base::Json& timeout = base::json_member(settings, "timeoutConfiguration");
  HookRun run;
  run.stage = shift.steps[shift.at].hook_stage;
  run.step = shift.at;
  run.on_return = shift.on_return;
  run.hook = hook;
  run.target_type = base::json_string(settings, "targetType", "AWS_LAMBDA");
  run.target_arn = base::json_string(settings, "hookTargetArn");
  const bool pauses = run.target_type == "PAUSE";
  run.id = fmt::format("ecs-{}-{}", pauses ? "pause" : "hook", base::random_hex(20));
  if (pauses) run.status = "AWAITING_ACTION";
  run.expires_at = now.wall_after(60 * base::json_number(timeout, "timeoutInMinutes", kUsualTimeoutMinutes));
  run.timeout_action = base::json_string(timeout, "action", "ROLLBACK");
  run.details = base::json_member(settings, "hookDetails");
  note_change();
  return shift.hooks.emplace_back(std::move(run));
}

void Scheduler::call_hook(const Service& service, const ServiceDeployment& record, HookRun& run) {
  if (!world_.call_hook) return;
  const ShiftStep& step = record.shift.steps[record.shift.at];
  run.is_called = true;
  base::Json payload = {
      {"executionId", run.id},
      {"lifecycleStage", run.stage},
      {"serviceArn", service.arn},
      {"serviceDeploymentArn", record.arn},
      {"targetServiceRevisionArn", record.target_revision},
      {"testTrafficWeights", weights(record.target_revision, step.test_percent, record.source_revisions)},
      {"productionTrafficWeights",
       weights(record.target_revision, step.production_percent, record.source_revisions)}};
  if (!run.details.is_null()) payload["hookDetails"] = run.details;
  world_.call_hook({run.id, run.target_arn, std::move(payload)});
}

void Scheduler::apply(const HookAnswer& answer, const Moment& now) {
  for (Service& service : state_.services) {
    ServiceDeployment* record = service.under_way();
    if (record == nullptr) continue;
    for (HookRun& run : record->shift.hooks) {
      if (run.id != answer.run_id || run.status != "IN_PROGRESS") continue;
      run.is_called = false;
      note_change();
      const std::string status = answer.answer ? base::json_string(*answer.answer, "hookStatus") : "";
      if (status == "SUCCEEDED" || status == "IN_PROGRESS") {
        run.status = status;
        const double delay = base::json_number(*answer.answer, "callBackDelay", kUsualCallBackSeconds);
        run.call_at = now.wall_after(std::clamp(delay, 0.0, kLongestCallBackSeconds));
        if (const base::Json& details = base::json_member(*answer.answer, "hookDetails"); details.is_object())
          run.details = details;
        continue;
      }
      run.status = "FAILED";
      const std::string why = !answer.answer   ? answer.answer.error().message
                              : status.empty() ? "it gave no hookStatus"
                                               : fmt::format("its hookStatus is {}", status);
      service.add_event(now.wall,
                        fmt::format("(service {}) (deployment {}) lifecycle hook {} failed at {}: {}.",
                                    service.name, record->deployment_id, run.target_arn, run.stage, why));
    }
  }
}

}  // namespace emulator
