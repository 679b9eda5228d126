#include "steps/builtin/artifact.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/strings.h"
#include "steps/forge_artifacts.h"

namespace steps::builtin {

using base::Result;

namespace {

constexpr double kSecondsOfDay = 86400;

// Gitea's and Forgejo's pages know runs by number and artifacts by name.
std::string page_of(const UploadSettings& settings, const std::string& id, const RunningJob& job) {
  const auto& github = job.contexts.get("github");
  const bool at_forge = forge_of(job).has_value();
  return fmt::format(
      "{}/{}/actions/runs/{}/artifacts/{}", github.get("server_url").to_text(),
      github.get("repository").to_text(),
      at_forge ? github.get("run_number").to_text() : std::to_string(job.services->results.run_id),
      at_forge ? settings.name : id);
}

}  // namespace

Result<UploadSettings> read_upload_settings(const ActionCall& call, RunningJob& job,
                                            std::string_view default_name) {
  UploadSettings settings;
  settings.name = call.input("name", default_name);
  settings.hidden = is_true(call.input("include-hidden-files"));
  if (const auto text = call.input("retention-days"); !text.empty()) {
    const auto days = base::parse_integer(text);
    if (!days || *days < 0) return base::invalid_input("Invalid retention-days");
    if (*days > kDefaultRetentionDays) {
      job.log->annotation(
          {LineKind::warning,
           fmt::format("Retention days cannot be greater than the maximum allowed retention set "
                       "within the repository. Using {} instead.",
                       kDefaultRetentionDays),
           "", ""});
    }
    const auto kept = std::min<std::int64_t>(*days, kDefaultRetentionDays);
    if (kept > 0) {
      settings.expires =
          base::to_epoch_seconds(base::system_clock().now()) + static_cast<double>(kept) * kSecondsOfDay;
    }
  }
  if (const auto text = call.input("compression-level"); !text.empty()) {
    const auto level = base::parse_integer(text);
    if (!level || *level < 0 || *level > 9)
      return base::invalid_input("Invalid compression-level. Valid values are 0-9");
    settings.level = static_cast<int>(*level);
  }
  return settings;
}

Result<BlobDraft> begin_upload(const UploadSettings& settings, std::string_view media_type, RunningJob& job) {
  const auto& access = job.services->results;
  auto draft = begin_artifact({.access = access,
                               .attempt = job.contexts.get("github").get("run_attempt").to_text(),
                               .name = settings.name,
                               .media_type = std::string(media_type),
                               .expires = settings.expires});
  if (!draft && draft.error().code == kBlobExists) {
    return base::invalid_input(
        "Failed to CreateArtifact: Received non-retryable error: Failed request: (409) Conflict: an artifact "
        "with this name already exists on the workflow run");
  }
  return draft;
}

Result<ActionOutcome> finish_upload(const UploadSettings& settings, BlobDraft draft, RunningJob& job) {
  const auto& access = job.services->results;
  TRY(send_to_forge(job, draft));
  TRY(const auto blob, access.store->finish(std::move(draft)));
  say(job, fmt::format("SHA256 digest of uploaded artifact is {}", blob.sha256));
  const auto id = id_of(blob);
  say(job, fmt::format("Artifact {} successfully finalized. Artifact ID {}", settings.name, id));
  say(job,
      fmt::format("Artifact {} has been successfully uploaded! Final size is {} bytes. Artifact ID is {}",
                  settings.name, blob.size, id));
  ActionOutcome outcome;
  outcome.outputs["artifact-id"] = id;
  outcome.outputs["artifact-digest"] = blob.sha256;
  outcome.outputs["artifact-url"] = page_of(settings, id, job);
  say(job, fmt::format("Artifact download URL: {}", outcome.outputs["artifact-url"]));
  return outcome;
}

Result<void> check_content(int content, const Artifact& artifact) {
  if (::lseek(content, 0, SEEK_SET) < 0) return base::system_error("reading an artifact", errno);
  TRY(const auto digest, base::sha256_hex_of_file(content));
  if (digest == artifact.blob.sha256) return {};
  return base::invalid_input(fmt::format("the artifact '{}' is damaged: it has the SHA-256 {}, expected {}",
                                         artifact.name, digest, artifact.blob.sha256));
}

Result<ResultsAccess> results_of(const RunningJob& job) {
  if (job.services != nullptr && job.services->results.store != nullptr) return job.services->results;
  return base::make_error(base::ErrorKind::unavailable, "artifacts are not kept here");
}

void say(RunningJob& job, const std::string& text) {
  job.log->line(LineKind::output, text);
}

}  // namespace steps::builtin
