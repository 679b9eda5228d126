#include "ecs/rollout.h"

#include <fmt/format.h>

#include "base/json.h"
#include "ecs/failure_cause.h"

namespace ecs {

namespace {

using base::Result;
using std::chrono::milliseconds;

bool is_rollback(const Deployment& deployment) {
  return deployment.rollout_reason.find("rolling back") != std::string::npos ||
         deployment.rollout_reason.find("rollback") != std::string::npos;
}

// Services of before 2020 have no rollout state: one deployment with all its tasks is the end, there.
bool is_done(const Service& service, const Deployment& deployment) {
  if (!deployment.rollout_state.empty()) return deployment.rollout_state != "IN_PROGRESS";
  return service.deployments.size() == 1 && deployment.running == deployment.desired;
}

}  // namespace

std::string_view to_string(RolloutEnd end) {
  switch (end) {
    case RolloutEnd::completed:
      return "COMPLETED";
    case RolloutEnd::scaled_to_zero:
      return "SCALED_TO_ZERO";
    case RolloutEnd::failed:
      return "FAILED";
    case RolloutEnd::rolled_back:
      return "ROLLED_BACK";
    case RolloutEnd::rollback_failed:
      return "ROLLBACK_FAILED";
    case RolloutEnd::stopped:
      return "STOPPED";
    case RolloutEnd::superseded:
      return "SUPERSEDED";
    case RolloutEnd::timed_out:
      return "TIMED_OUT";
    case RolloutEnd::cancelled:
      return "CANCELLED";
    case RolloutEnd::unknown:
      break;
  }
  return "UNKNOWN";
}

base::Result<RolloutEnd> parse_rollout_end(std::string_view text) {
  for (const auto end :
       {RolloutEnd::completed, RolloutEnd::scaled_to_zero, RolloutEnd::failed, RolloutEnd::rolled_back,
        RolloutEnd::rollback_failed, RolloutEnd::stopped, RolloutEnd::superseded, RolloutEnd::timed_out,
        RolloutEnd::cancelled, RolloutEnd::unknown}) {
    if (to_string(end) == text) return end;
  }
  return base::invalid_input(fmt::format("expected the end of a deployment, found '{}'", text));
}

milliseconds pause_after(milliseconds elapsed) {
  if (elapsed < std::chrono::seconds(30)) return milliseconds(500);
  return elapsed < std::chrono::minutes(3) ? milliseconds(2000) : milliseconds(5000);
}

RolloutWatch::RolloutWatch(aws::Client& client, RolloutOptions options, Service before)
    : client_(client),
      options_(std::move(options)),
      before_(std::move(before)),
      service_(before_),
      silence_(*client.options().clock, options_.on_news) {
  for (const auto& event : before_.events) told_.insert(event.id);
  if (const auto* deployment = before_.find(options_.deployment_id)) last_ = *deployment;
}

void RolloutWatch::tell(const std::string& news) const {
  if (options_.on_news) options_.on_news(news);
}

/// False when AWS was silent this time.
Result<bool> RolloutWatch::fetch() {
  std::optional<base::Error> fault;
  // The record first: the service has to be seen as the end that the record tells of has left it.
  if (!options_.service_deployment_arn.empty()) {
    auto record = describe_service_deployment(client_, options_.service_deployment_arn);
    if (record) {
      record_ = std::move(*record);
    } else {
      fault = record.error();
    }
  }
  if (!fault) {
    auto described = describe_service(client_, options_.cluster, options_.service);
    if (described) {
      service_ = std::move(*described);
      silence_.end();
      return true;
    }
    fault = described.error();
  }
  if (!silence_.passes(*fault)) return std::move(*fault);
  return false;
}

Result<std::optional<RolloutOutcome>> RolloutWatch::look() {
  const auto fetched = fetch();
  if (!fetched && fetched.error().kind == base::ErrorKind::cancelled)
    return std::optional(give_up(RolloutEnd::cancelled));
  if (!fetched) return fetched.error();
  if (!*fetched) return std::optional<RolloutOutcome>();
  tell_events();
  if (const auto* deployment = service_.find(options_.deployment_id)) {
    tell_progress(*deployment);
    last_ = *deployment;
  }
  if (const auto found = end()) return std::optional(outcome_of(*found));
  decide_hooks();
  TRY(give_up_when_hopeless());
  return std::optional<RolloutOutcome>();
}

std::optional<RolloutEnd> RolloutWatch::end() const {
  if (record_) return end_by_record();
  return end_by_service();
}

std::optional<RolloutEnd> RolloutWatch::end_by_record() const {
  const std::string& status = record_->status;
  const bool emptied = service_.desired == 0 && before_.desired > 0;
  if (status == "SUCCESSFUL") return emptied ? RolloutEnd::scaled_to_zero : RolloutEnd::completed;
  if (status == "ROLLBACK_SUCCESSFUL") return RolloutEnd::rolled_back;
  if (status == "ROLLBACK_FAILED") return RolloutEnd::rollback_failed;
  const auto* primary = service_.primary();
  const bool is_primary = primary != nullptr && primary->id == options_.deployment_id;
  if (status == "STOPPED") {
    if (record_->gave_up) return RolloutEnd::failed;
    return is_primary || primary == nullptr ? RolloutEnd::stopped : RolloutEnd::superseded;
  }
  // Without a rollback the record may stay as it is: nothing more will happen.
  if (is_primary && primary->rollout_state == "FAILED" && !is_rollback(*primary) &&
      record_->rollback_revision.empty())
    return RolloutEnd::failed;
  return std::nullopt;
}

std::optional<RolloutEnd> RolloutWatch::end_by_service() const {
  const auto* mine = service_.find(options_.deployment_id);
  const auto* primary = service_.primary();
  const bool is_primary = mine != nullptr && mine->status == "PRIMARY";
  // Until the rollback it announces has made another one primary, a failed deployment is not at its end.
  if (is_primary && mine->rollout_state == "FAILED" && is_rollback(*mine)) return std::nullopt;
  if (is_primary && mine->rollout_state == "FAILED") return RolloutEnd::failed;
  if (is_primary) {
    if (!is_done(service_, *mine)) return std::nullopt;
    return service_.desired == 0 && before_.desired > 0 ? RolloutEnd::scaled_to_zero : RolloutEnd::completed;
  }
  const bool failed = last_.rollout_state == "FAILED" || (mine != nullptr && mine->rollout_state == "FAILED");
  if (primary == nullptr) return RolloutEnd::failed;
  if (!way_back_.empty() && primary->id == way_back_) {
    if (!is_done(service_, *primary)) return std::nullopt;
    return primary->rollout_state == "FAILED" ? RolloutEnd::rollback_failed : RolloutEnd::rolled_back;
  }
  // Between two looks a rollback can begin and end. A primary that was there before this deployment came
  // back by one, whatever its reason says by now, and the service's events still tell.
  const bool back =
      failed || is_rollback(*primary) || before_.find(primary->id) != nullptr || !failure_.empty();
  if (!back) return RolloutEnd::superseded;
  // Whoever comes to the scene afterwards wants to know what runs now: the way back is followed to its end.
  if (!is_done(service_, *primary)) return std::nullopt;
  return primary->rollout_state == "FAILED" ? RolloutEnd::rollback_failed : RolloutEnd::rolled_back;
}

std::string RolloutWatch::reason_of(RolloutEnd end) const {
  if (!given_up_because_.empty()) return given_up_because_;
  if (record_ && end != RolloutEnd::completed) {
    if (!record_->rollback_reason.empty()) return record_->rollback_reason;
    if (!record_->reason.empty()) return record_->reason;
  }
  if (end != RolloutEnd::rolled_back || last_.rollout_state == "FAILED") return last_.rollout_reason;
  if (!failure_.empty()) return failure_;
  return service_.primary() == nullptr ? "" : service_.primary()->rollout_reason;
}

RolloutOutcome RolloutWatch::outcome_of(RolloutEnd end) const {
  RolloutOutcome outcome{end, reason_of(end), last_, service_, "", ""};
  const auto* primary = service_.primary();
  if (primary == nullptr) return outcome;
  if (end == RolloutEnd::rolled_back) outcome.rolled_back_to = primary->task_definition_arn;
  if (end == RolloutEnd::superseded) outcome.superseded_by = primary->id;
  return outcome;
}

RolloutOutcome RolloutWatch::give_up(RolloutEnd end) const {
  return {end, last_.rollout_reason, last_, service_, "", ""};
}

void RolloutWatch::tell_events() {
  for (auto event = service_.events.rbegin(); event != service_.events.rend(); ++event) {
    if (!told_.insert(event->id).second) continue;
    // `(service S) (deployment ecs-svc/N) deployment failed: tasks failed to start.`
    const auto at = event->message.find("deployment failed");
    const bool mine = event->message.find("(deployment " + options_.deployment_id + ")") != std::string::npos;
    if (at != std::string::npos && mine) failure_ = event->message.substr(at);
    if (options_.on_event) options_.on_event(*event);
  }
}

void RolloutWatch::tell_progress(const Deployment& deployment) {
  std::map<std::string, int> targets;
  for (const auto& group : service_.target_groups) {
    // Only for show: a role may not have the right to ask.
    for (const auto& target : target_health(client_, group).value_or({})) ++targets[target.state];
  }
  auto shown = fmt::format("{} {} {} {} {}", deployment.rollout_state, deployment.desired, deployment.running,
                           deployment.pending, deployment.failed_tasks);
  for (const auto& [state, count] : targets) shown += fmt::format(" {}={}", state, count);
  if (record_) {
    shown +=
        fmt::format(" {} {} {}", record_->status, record_->stage, record_->production_weight.value_or(-1));
    for (const auto& hook : record_->hooks) shown += fmt::format(" {}={}", hook.id, hook.status);
  }
  if (shown == shown_) return;
  shown_ = std::move(shown);
  if (options_.on_progress) options_.on_progress({deployment, targets, record_ ? &*record_ : nullptr});
}

void RolloutWatch::decide_hooks() {
  if (!record_ || !options_.decide_hook) return;
  for (const auto& hook : record_->hooks) {
    if (hook.status != "AWAITING_ACTION" || decided_.contains(hook.id)) continue;
    const auto decision = options_.decide_hook(hook);
    if (!decision) continue;
    const auto done = continue_service_deployment(client_, record_->arn, hook.id, *decision);
    // A refusal is told once: the hook's own time limit decides then.
    decided_.insert(hook.id);
    const char* what = *decision == HookDecision::proceed ? "continue" : "roll back";
    tell(done ? fmt::format("Hook {} was told to {}", hook.id, what)
              : fmt::format("Hook {} could not be told to {}: {}", hook.id, what, done.error().message));
  }
}

Result<void> RolloutWatch::give_up_when_hopeless() {
  if (options_.hopeless_tasks <= 0 || !given_up_because_.empty() ||
      last_.failed_tasks < options_.hopeless_tasks)
    return {};
  std::map<std::string, int> alike;
  const auto stopped = list_tasks(client_, options_.cluster, options_.service, TaskStatus::stopped);
  if (!stopped) return {};
  for (const auto& task : *stopped) {
    if (task.started_by != options_.deployment_id || !is_hopeless(task)) continue;
    const std::string cause = cause_of(task);
    if (++alike[cause] < options_.hopeless_tasks) continue;
    const auto back =
        roll_back(fmt::format("{} tasks ended alike and no other will do better: {}", alike[cause], cause));
    // Then the circuit breaker or the time limit has to end it.
    if (!back) tell("It could not be rolled back: " + back.error().message);
    return {};
  }
  return {};
}

Result<void> RolloutWatch::roll_back(const std::string& why) {
  if (!given_up_because_.empty()) return {};
  given_up_because_ = why;
  tell(fmt::format("Giving up deployment {}: {}", options_.deployment_id, why));
  if (!options_.service_deployment_arn.empty()) {
    auto stopped = stop_service_deployment(client_, options_.service_deployment_arn);
    // It was about to roll back by itself.
    if (stopped || stopped.error().code == "ConflictException") return {};
    if (stopped.error().kind == base::ErrorKind::cancelled) return stopped;
  }
  const auto* good = before_.primary();
  if (good == nullptr || good->task_definition_arn.empty()) {
    return base::make_error(base::ErrorKind::not_found,
                            fmt::format("service {} had no deployment before this one", options_.service));
  }
  TRY(const auto updated, update_service(client_, {{"service", options_.service},
                                                   {"cluster", options_.cluster},
                                                   {"taskDefinition", good->task_definition_arn}}));
  if (const auto* primary = updated.primary()) way_back_ = primary->id;
  options_.service_deployment_arn.clear();
  record_.reset();
  return {};
}

Result<RolloutOutcome> follow_rollout(aws::Client& client, const RolloutOptions& options,
                                      const Service& before) {
  RolloutWatch watch(client, options, before);
  base::Clock& clock = *client.options().clock;
  const auto began = clock.steady_now();
  while (true) {
    TRY(auto outcome, watch.look());
    if (outcome) return std::move(*outcome);
    const auto elapsed = std::chrono::duration_cast<milliseconds>(clock.steady_now() - began);
    if (elapsed > options.patience) return watch.give_up(RolloutEnd::timed_out);
    if (!clock.sleep_for(pause_after(elapsed), client.options().stop))
      return watch.give_up(RolloutEnd::cancelled);
  }
}

}  // namespace ecs
