// github.actions.results.api.v1.ArtifactService (toolkit packages/artifact, results/api/v1/artifact.ts).

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/json.h"
#include "base/strings.h"
#include "runner/json_answer.h"
#include "runner/results_calls.h"
#include "runner/twirp.h"
#include "steps/artifacts.h"

namespace runner {

namespace {

constexpr std::uint64_t kMostArtifactBytes = 10ULL << 30;
constexpr int kUrlSeconds = 600;
constexpr std::string_view kSha256 = "sha256:";

std::string upload_name(const std::string& artifact) {
  return "artifact\n" + artifact;
}

base::ServerResponse not_there(const std::string& name) {
  return twirp_error("not_found", fmt::format("artifact not found: {}", name));
}

base::ServerResponse create_artifact(const base::Json& message, const ResultsCall& call) {
  steps::NewArtifact artifact{
      .access = call.access, .attempt = call.attempt, .name = text_field(message, "name")};
  if (auto type = text_field(message, "mime_type"); !type.empty()) artifact.media_type = std::move(type);
  if (const double end = time_field(message, "expires_at"); end > 0) {
    const double last =
        base::to_epoch_seconds(base::system_clock().now()) + steps::kDefaultRetentionDays * 86400.0;
    artifact.expires = std::min(end, last);
  }
  auto draft = steps::begin_artifact(artifact);
  if (!draft && draft.error().code == steps::kBlobExists) {
    return twirp_error("already_exists", "an artifact with this name already exists on the workflow run");
  }
  if (!draft) return twirp_error(draft.error());
  const auto upload =
      call.uploads.add(call.access.job, upload_name(artifact.name), std::move(*draft), kMostArtifactBytes);
  return json_answer(200, {{"ok", true}, {"signed_upload_url", upload_address(call, upload)}});
}

base::ServerResponse finalize_artifact(const base::Json& message, const ResultsCall& call) {
  const auto name = text_field(message, "name");
  auto draft = call.uploads.take(call.access.job, upload_name(name));
  if (!draft) return not_there(name);
  const auto size = number_field(message, "size").value_or(0);
  if (size < 0 || static_cast<std::uint64_t>(size) != draft->size()) {
    return twirp_error(
        "invalid_argument",
        fmt::format("{} bytes were uploaded, but the size is said to be {}", draft->size(), size));
  }
  auto digest = text_field(message, "hash");
  if (digest.starts_with(kSha256)) digest.erase(0, kSha256.size());
  const auto blob = call.access.store->finish(std::move(*draft), digest);
  if (!blob) return twirp_error(blob.error());
  return json_answer(200, {{"ok", true}, {"artifact_id", std::to_string(blob->id)}});
}

base::ServerResponse list_artifacts(const base::Json& message, const ResultsCall& call) {
  const auto name = text_field(message, "name_filter");
  const auto id = number_field(message, "id_filter");
  base::Json artifacts = base::Json::array();
  for (const auto& artifact : steps::list_artifacts(*call.access.store, call.access.run_id)) {
    if (!name.empty() && artifact.name != name) continue;
    if (id && artifact.blob.id != *id) continue;
    base::Json one = {{"workflow_run_backend_id", call.run},
                      {"workflow_job_run_backend_id",
                       backend_id(fmt::format("run {} job {}", call.access.run_id, artifact.job))},
                      {"database_id", std::to_string(artifact.blob.id)},
                      {"name", artifact.name},
                      {"size", std::to_string(artifact.blob.size)},
                      {"created_at", base::format_iso8601(base::from_epoch_seconds(artifact.blob.created))},
                      {"digest", fmt::format("{}{}", kSha256, artifact.blob.sha256)}};
    artifacts.push_back(std::move(one));
  }
  return json_answer(200, {{"artifacts", std::move(artifacts)}});
}

base::ServerResponse address_of_artifact(const base::Json& message, const ResultsCall& call) {
  const auto name = text_field(message, "name");
  const auto artifact = steps::find_artifact(*call.access.store, call.access.run_id, name);
  if (!artifact) return not_there(name);
  return json_answer(
      200,
      {{"signed_url", blob_address(call, steps::artifact_shelf(call.access.run_id), artifact->blob.id)}});
}

base::ServerResponse remove_artifact(const base::Json& message, const ResultsCall& call) {
  const auto name = text_field(message, "name");
  const auto artifact = steps::find_artifact(*call.access.store, call.access.run_id, name);
  if (!artifact) return not_there(name);
  if (auto removed = steps::remove_artifact(*call.access.store, call.access.run_id, *artifact); !removed)
    return twirp_error(removed.error());
  return json_answer(200, {{"ok", true}, {"artifact_id", std::to_string(artifact->blob.id)}});
}

}  // namespace

base::ServerResponse answer_artifact_call(std::string_view method, const base::Json& message,
                                          const ResultsCall& call) {
  if (text_field(message, "workflow_run_backend_id") != call.run)
    return twirp_error("permission_denied", "the token is for another run");
  if (method == "CreateArtifact") return create_artifact(message, call);
  if (method == "FinalizeArtifact") return finalize_artifact(message, call);
  if (method == "ListArtifacts") return list_artifacts(message, call);
  if (method == "GetSignedArtifactURL") return address_of_artifact(message, call);
  if (method == "DeleteArtifact") return remove_artifact(message, call);
  return twirp_error("bad_route", fmt::format("ArtifactService has no method {}", method));
}

}  // namespace runner
