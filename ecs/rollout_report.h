#pragma once
// How a deployment ended, in words: one sentence, and the section of a summary. Pure.

#include <chrono>
#include <string>

#include "base/json_fwd.h"
#include "ecs/failure_digest.h"
#include "ecs/rollout.h"

namespace ecs {

/// `Deployment ecs-svc/2 FAILED and was rolled back: …; service items runs items:1`. Every end has words of
/// its own; those that people already search logs for are kept.
std::string sentence_of(const RolloutOutcome& outcome, const RolloutOptions& options);
/// The section of a step summary, in Markdown.
std::string summary_of(const RolloutOutcome& outcome, const RolloutOptions& options,
                       const FailureDigest& digest);
/// What a program reads: service, status, deployment_id, rolled_back_to …
base::Json to_json(const RolloutOutcome& outcome, const RolloutOptions& options);
/// Whether what was asked for runs now.
bool is_good(RolloutEnd end);

}  // namespace ecs
