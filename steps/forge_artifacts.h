#pragma once
// Artifacts that a forge keeps: sent to its results service and fetched from there, by the calls that
// GitHub's answers and Gitea's and Forgejo's answer alike (ArtifactService by Twirp in JSON, Azure's block
// blobs behind signed addresses). The machine's own store has a copy of each, which the actions for artifacts
// work on.

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "steps/artifacts.h"
#include "steps/forge_results.h"
#include "steps/running_job.h"

namespace steps {

/// What the job's variables for actions say: a forge's service is elsewhere than the machine's caches.
std::optional<ForgeResults> forge_of(const RunningJob& job);

/// Sends what was written, under the name that its labels say; nothing for jobs without a forge. Its number
/// there becomes a label. An Error leaves nothing under that name that a reader would take for whole.
base::Result<void> send_to_forge(const RunningJob& job, BlobDraft& draft);

/// Brings those artifacts of the run whose name is wanted into the store, unless it has them already.
base::Result<void> bring_from_forge(const RunningJob& job,
                                    const std::function<bool(const std::string& name)>& wanted);

/// That it is not there is no error.
base::Result<void> remove_at_forge(const RunningJob& job, const std::string& name);

/// By which steps name it: the forge's number where it has one.
std::string id_of(const StoredBlob& blob);

}  // namespace steps
