#include "ecs/followed.h"

#include <fmt/format.h>

#include <memory>

#include "base/strings.h"
#include "ecs/failure_digest.h"
#include "ecs/rollout_report.h"
#include "ecs/start_deployment.h"

namespace ecs {
namespace {

base::Json identity_of(const RolloutOptions& options, const Deployment& deployment) {
  return {{"service", options.service},
          {"cluster", options.cluster},
          {"deployment_id", options.deployment_id},
          {"task_definition", revision_name(deployment.task_definition_arn)}};
}

std::string progress_line(const RolloutProgress& progress) {
  const auto& deployment = progress.deployment;
  std::string text = fmt::format("{} of {} tasks running, {} pending, {} failed", deployment.running,
                                 deployment.desired, deployment.pending, deployment.failed_tasks);
  for (const auto& [state, count] : progress.targets) text += fmt::format(", {} {}", count, state);
  if (progress.record == nullptr || progress.record->stage.empty()) return text;
  text += ", " + progress.record->stage;
  if (progress.record->production_weight)
    text += fmt::format(" with {} % of the traffic", *progress.record->production_weight);
  for (const auto& hook : progress.record->hooks) text += fmt::format(", hook {} {}", hook.id, hook.status);
  return text;
}

base::Json progress_json(const RolloutProgress& progress, const RolloutOptions& options) {
  const auto& deployment = progress.deployment;
  base::Json json = identity_of(options, deployment);
  json["desired"] = deployment.desired;
  json["running"] = deployment.running;
  json["pending"] = deployment.pending;
  json["failed_tasks"] = deployment.failed_tasks;
  json["rollout_state"] = deployment.rollout_state;
  json["targets"] = progress.targets;
  if (progress.record == nullptr) return json;
  json["status"] = progress.record->status;
  if (!progress.record->stage.empty()) json["stage"] = progress.record->stage;
  if (progress.record->production_weight) json["traffic"] = *progress.record->production_weight;
  return json;
}

FollowedEnd end_of(aws::Client& client, const RolloutOutcome& outcome, const RolloutOptions& options,
                   double since) {
  FollowedEnd end{outcome.end, sentence_of(outcome, options), {}, "", "", to_json(outcome, options)};
  FailureDigest digest;
  const bool may_ask = outcome.end != RolloutEnd::cancelled && outcome.end != RolloutEnd::unknown;
  if (!is_good(outcome.end) && may_ask) {
    digest = digest_failure(client, outcome.service, {options.cluster, options.deployment_id, since});
    end.details = to_lines(digest);
    end.annotation = digest.first_cause();
    if (!end.annotation.empty() && !digest.hint.empty()) end.annotation += "\n" + digest.hint;
  }
  end.summary = summary_of(outcome, options, digest);
  return end;
}

}  // namespace

Followed follow_deployment(aws::Client& client, const Service& before, RolloutOptions options,
                           const FollowNews& news) {
  if (news.line) {
    options.on_event = [line = news.line](const ServiceEvent& event) { line("  " + event.message); };
    options.on_news = news.line;
  }
  options.decide_hook = news.decide_hook;
  options.on_progress = [news, identity = options](const RolloutProgress& progress) {
    if (news.line) news.line(progress_line(progress));
    if (news.event) news.event("rollout", progress_json(progress, identity));
  };
  const double since = before.events.empty() ? 0 : before.events.front().created_at;
  auto watch = std::make_shared<RolloutWatch>(client, std::move(options), before);
  Followed followed;
  followed.id = watch->options().deployment_id;
  followed.patience = watch->options().patience;
  followed.look = [&client, watch, since]() -> base::Result<std::optional<FollowedEnd>> {
    TRY(const auto outcome, watch->look());
    if (!outcome) return std::optional<FollowedEnd>();
    return std::optional(end_of(client, *outcome, watch->options(), since));
  };
  followed.give_up = [&client, watch, since](RolloutEnd end) {
    return end_of(client, watch->give_up(end), watch->options(), since);
  };
  followed.roll_back = [watch](const std::string& why) { return watch->roll_back(why); };
  return followed;
}

base::Result<Followed> start_rollout(aws::Client& client, const Service& before, const DeploymentPlan& plan,
                                     const RolloutLimits& limits, const FollowNews& news) {
  TRY(const auto started, start_deployment(client, before, plan));
  return follow_deployment(client, before,
                           {.cluster = plan.request.cluster,
                            .service = plan.request.service,
                            .deployment_id = started.deployment_id,
                            .service_deployment_arn = started.service_deployment_arn,
                            .patience = limits.patience,
                            .hopeless_tasks = limits.hopeless_tasks},
                           news);
}

FollowedEnd lose_sight(const Followed& followed, const base::Error& error) {
  if (error.kind == base::ErrorKind::cancelled) return followed.give_up(RolloutEnd::cancelled);
  auto end = followed.give_up(RolloutEnd::unknown);
  end.details.push_back(error.to_string());
  end.annotation = fmt::format("{}\n{}", end.sentence, error.message);
  end.summary += fmt::format("\n{}\n", error.message);
  end.json["reason"] = error.message;
  return end;
}

FollowedEnd wait_for(aws::Client& client, const Followed& followed) {
  base::Clock& clock = *client.options().clock;
  const auto began = clock.steady_now();
  while (true) {
    auto end = followed.look();
    if (!end) return lose_sight(followed, end.error());
    if (*end) return std::move(**end);
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(clock.steady_now() - began);
    if (elapsed > followed.patience) return followed.give_up(RolloutEnd::timed_out);
    if (!clock.sleep_for(pause_after(elapsed), client.options().stop))
      return followed.give_up(RolloutEnd::cancelled);
  }
}

}  // namespace ecs
