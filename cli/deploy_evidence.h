#pragma once
// The record of a deployment beside the images that it deployed: what ran before and after, how it ended, who
// asked for it, what the prober saw. As a referrer it goes wherever the image goes.

#include "aws/client.h"
#include "base/http_client.h"
#include "base/json_fwd.h"
#include "ecs/release.h"

namespace cli {

inline constexpr const char* kDeploymentPredicate = "urn:pipeline:deployment:v1";

/// Attaches `report` to the images of each part of `outcome` that was begun, but for images of registries
/// that are not ECR's. A line for each on standard error.
base::Result<void> attach_evidence(aws::Client& client, base::HttpClient& http,
                                   const ecs::ReleaseOutcome& outcome, const base::Json& report);

}  // namespace cli
