#include "ecs/rollout.h"

#include <fmt/format.h>

#include <optional>
#include <set>

namespace ecs {

namespace {

using base::Result;
using std::chrono::milliseconds;

constexpr int kMostFaults = 10;

// Soon at first, since that is when things happen; rarer later, to stay far from the API's limits.
milliseconds wait_after(milliseconds elapsed) {
  if (elapsed < std::chrono::seconds(30)) return milliseconds(500);
  return elapsed < std::chrono::minutes(3) ? milliseconds(2000) : milliseconds(5000);
}

bool is_rollback(const Deployment& deployment) {
  return deployment.rollout_reason.find("rolling back") != std::string::npos ||
         deployment.rollout_reason.find("rollback") != std::string::npos;
}

class Follower {
 public:
  Follower(aws::Client& client, const RolloutOptions& options, const Service& before)
      : client_(client),
        clock_(*client.options().clock),
        options_(options),
        before_(before),
        began_(clock_.steady_now()) {
    for (const auto& event : before.events) told_.insert(event.id);
    if (const auto* deployment = before.find(options.deployment_id)) last_ = *deployment;
  }

  Result<RolloutOutcome> follow() {
    Service service = before_;
    while (true) {
      auto described = describe_service(client_, options_.cluster, options_.service);
      if (described) {
        service = std::move(*described);
        faults_ = 0;
        tell_events(service);
        if (const auto* deployment = service.find(options_.deployment_id)) {
          tell_progress(service, *deployment);
          last_ = *deployment;
        }
        const auto end = end_of(service);
        if (end) return RolloutOutcome{*end, reason_of(*end, service), last_, std::move(service)};
      } else if (described.error().kind == base::ErrorKind::cancelled) {
        return RolloutOutcome{RolloutEnd::cancelled, last_.rollout_reason, last_, std::move(service)};
      } else if (!may_pass(described.error()) || ++faults_ >= kMostFaults) {
        return std::move(described).error();
      }
      const auto elapsed = std::chrono::duration_cast<milliseconds>(clock_.steady_now() - began_);
      if (elapsed > options_.patience)
        return RolloutOutcome{RolloutEnd::timed_out, last_.rollout_reason, last_, std::move(service)};
      if (!clock_.sleep_for(wait_after(elapsed), client_.options().stop)) {
        return RolloutOutcome{RolloutEnd::cancelled, last_.rollout_reason, last_, std::move(service)};
      }
    }
  }

 private:
  // The deployment goes on while AWS does not answer, so a short silence is no reason to lose sight of it.
  static bool may_pass(const base::Error& error) {
    return error.kind == base::ErrorKind::unavailable || aws::is_throttling(error.code);
  }

  /// Nothing while it goes on.
  std::optional<RolloutEnd> end_of(const Service& service) const {
    const auto* mine = service.find(options_.deployment_id);
    const auto* primary = service.primary();
    const bool is_primary = mine != nullptr && mine->status == "PRIMARY";
    // Until the rollback it announces has made another one primary, a failed deployment is not at its end.
    if (is_primary && mine->rollout_state == "FAILED" && is_rollback(*mine)) return std::nullopt;
    if (is_primary && mine->rollout_state == "FAILED") return RolloutEnd::failed;
    if (is_primary) return is_done(service, *mine) ? std::optional(RolloutEnd::completed) : std::nullopt;
    const bool failed =
        last_.rollout_state == "FAILED" || (mine != nullptr && mine->rollout_state == "FAILED");
    if (primary == nullptr) return RolloutEnd::failed;
    // Between two looks a rollback can begin and end. A primary that was there before this deployment came
    // back by one, whatever its reason says by now, and the service's events still tell.
    const bool back =
        failed || is_rollback(*primary) || before_.find(primary->id) != nullptr || !failure_.empty();
    // Whoever comes to the scene afterwards wants to know what runs now: the way back is followed to its end.
    if (back) return is_done(service, *primary) ? std::optional(RolloutEnd::rolled_back) : std::nullopt;
    return RolloutEnd::superseded;
  }

  // Services of before 2020 have no rollout state: one deployment with all its tasks is the end, there.
  static bool is_done(const Service& service, const Deployment& deployment) {
    if (!deployment.rollout_state.empty()) return deployment.rollout_state != "IN_PROGRESS";
    return service.deployments.size() == 1 && deployment.running == deployment.desired;
  }

  std::string reason_of(RolloutEnd end, const Service& service) const {
    if (end != RolloutEnd::rolled_back || last_.rollout_state == "FAILED") return last_.rollout_reason;
    if (!failure_.empty()) return failure_;
    return service.primary()->rollout_reason;
  }

  void tell_events(const Service& service) {
    for (auto event = service.events.rbegin(); event != service.events.rend(); ++event) {
      if (!told_.insert(event->id).second) continue;
      note_failure(event->message);
      if (options_.on_event) options_.on_event(*event);
    }
  }

  /// `(service S) (deployment ecs-svc/N) deployment failed: tasks failed to start.`
  void note_failure(const std::string& message) {
    constexpr std::string_view kFailed = "deployment failed";
    const auto at = message.find(kFailed);
    if (at == std::string::npos ||
        message.find("(deployment " + options_.deployment_id + ")") == std::string::npos)
      return;
    failure_ = message.substr(at);
  }

  void tell_progress(const Service& service, const Deployment& deployment) {
    std::map<std::string, int> targets;
    for (const auto& group : service.target_groups) {
      // Only for show: a role may not have the right to ask.
      const auto health = target_health(client_, group);
      if (!health) continue;
      for (const auto& [state, count] : *health) targets[state] += count;
    }
    auto shown = fmt::format("{} {} {} {} {}", deployment.rollout_state, deployment.desired,
                             deployment.running, deployment.pending, deployment.failed_tasks);
    for (const auto& [state, count] : targets) shown += fmt::format(" {}={}", state, count);
    if (shown == shown_) return;
    shown_ = std::move(shown);
    if (options_.on_progress) options_.on_progress(deployment, targets);
  }

  aws::Client& client_;
  base::Clock& clock_;
  const RolloutOptions& options_;
  const Service& before_;
  base::SteadyTime began_;
  int faults_ = 0;  ///< calls in a row without an answer
  std::set<std::string> told_;
  std::string failure_;  ///< why it was given up, as an event says
  std::string shown_;
  Deployment last_;
};

}  // namespace

std::string_view to_string(RolloutEnd end) {
  switch (end) {
    case RolloutEnd::completed:
      return "COMPLETED";
    case RolloutEnd::failed:
      return "FAILED";
    case RolloutEnd::rolled_back:
      return "ROLLED_BACK";
    case RolloutEnd::superseded:
      return "SUPERSEDED";
    case RolloutEnd::timed_out:
      return "TIMED_OUT";
    case RolloutEnd::cancelled:
      break;
  }
  return "CANCELLED";
}

Result<RolloutOutcome> follow_rollout(aws::Client& client, const RolloutOptions& options,
                                      const Service& before) {
  return Follower(client, options, before).follow();
}

}  // namespace ecs
