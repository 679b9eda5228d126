#include "ecs/rollout_report.h"

#include <fmt/format.h>

#include "base/json.h"
#include "ecs/deployment_plan.h"

namespace ecs {
namespace {

std::string bare_reason(const RolloutOutcome& outcome) {
  auto reason = outcome.reason.empty() ? std::string("unknown reason") : outcome.reason;
  if (reason.ends_with('.')) reason.pop_back();
  return reason;
}

std::string running_revision(const RolloutOutcome& outcome) {
  const auto* primary = outcome.service.primary();
  return primary == nullptr ? "nothing" : revision_name(primary->task_definition_arn);
}

}  // namespace

bool is_good(RolloutEnd end) {
  return end == RolloutEnd::completed;
}

std::string sentence_of(const RolloutOutcome& outcome, const RolloutOptions& options) {
  const std::string& id = options.deployment_id;
  switch (outcome.end) {
    case RolloutEnd::completed:
      return fmt::format(
          "Deployment {} verified: rolloutState={}", id,
          outcome.deployment.rollout_state.empty() ? "COMPLETED" : outcome.deployment.rollout_state);
    case RolloutEnd::scaled_to_zero:
      return fmt::format(
          "Deployment {} ended without a task: the desired count of service {} was set to 0 while it went "
          "on, so "
          "the new version was not tried",
          id, options.service);
    case RolloutEnd::rolled_back:
      return fmt::format("Deployment {} FAILED and was rolled back: {}; service {} runs {}", id,
                         bare_reason(outcome), options.service, running_revision(outcome));
    case RolloutEnd::rollback_failed:
      return fmt::format(
          "Deployment {} FAILED and its rollback FAILED, too: {}; look at service {} at once, it may serve "
          "from "
          "neither version",
          id, bare_reason(outcome), options.service);
    case RolloutEnd::stopped:
      return fmt::format("Deployment {} was stopped before its end: {}; service {} may run two versions", id,
                         bare_reason(outcome), options.service);
    case RolloutEnd::superseded:
      return fmt::format("Deployment {} was superseded by {}", id,
                         outcome.superseded_by.empty() ? "another one" : outcome.superseded_by);
    case RolloutEnd::timed_out:
      return fmt::format(
          "Resource is not in the state servicesStable: deployment {} did not complete within {} minutes, "
          "and "
          "goes on",
          id, std::chrono::duration_cast<std::chrono::minutes>(options.patience).count());
    case RolloutEnd::cancelled:
      return fmt::format(
          "stopped following deployment {}; it goes on: `pipeline status -c {} -s {}` shows it, `pipeline "
          "rollback` takes it back",
          id, options.cluster, options.service);
    case RolloutEnd::unknown:
      return fmt::format(
          "lost sight of deployment {}, which may go on: `pipeline status -c {} -s {}` shows what became of "
          "it",
          id, options.cluster, options.service);
    case RolloutEnd::failed:
      break;
  }
  return fmt::format("Deployment {} FAILED: {}", id, bare_reason(outcome));
}

std::string summary_of(const RolloutOutcome& outcome, const RolloutOptions& options,
                       const FailureDigest& digest) {
  std::string text = fmt::format("### Deployment of {} to {}: {}\n\n{}\n", options.service, options.cluster,
                                 to_string(outcome.end), sentence_of(outcome, options));
  if (const auto details = to_markdown(digest); !details.empty()) text += "\n" + details;
  return text;
}

base::Json to_json(const RolloutOutcome& outcome, const RolloutOptions& options) {
  base::Json json = {{"service", options.service},
                     {"cluster", options.cluster},
                     {"deployment_id", options.deployment_id},
                     {"status", std::string(to_string(outcome.end))},
                     {"reason", outcome.reason},
                     {"rollout_state", outcome.deployment.rollout_state}};
  if (!options.service_deployment_arn.empty())
    json["service_deployment_arn"] = options.service_deployment_arn;
  if (!outcome.rolled_back_to.empty()) json["rolled_back_to"] = outcome.rolled_back_to;
  if (!outcome.superseded_by.empty()) json["superseded_by"] = outcome.superseded_by;
  return json;
}

}  // namespace ecs
