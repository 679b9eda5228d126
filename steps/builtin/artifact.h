#pragma once
// What the actions for artifacts share: their inputs, what they say, their outputs.

#include <string>
#include <vector>

#include "base/result.h"
#include "steps/artifacts.h"
#include "steps/builtin_actions.h"

namespace steps::builtin {

inline constexpr int kDefaultCompression = 6;

/// The inputs of what makes an artifact.
struct UploadSettings {
  std::string name;
  double expires = 0;
  int level = kDefaultCompression;
  bool hidden = false;
};
/// Reads name, retention-days, compression-level and include-hidden-files; warns of too many days.
base::Result<UploadSettings> read_upload_settings(const ActionCall& call, RunningJob& job,
                                                  std::string_view default_name);

/// Takes the name, with the message that the toolkit gives when it is taken.
base::Result<BlobDraft> begin_upload(const UploadSettings& settings, std::string_view media_type,
                                     RunningJob& job);
/// Keeps the artifact and says so; its outputs are artifact-id, artifact-url and artifact-digest.
base::Result<ActionOutcome> finish_upload(const UploadSettings& settings, BlobDraft draft, RunningJob& job);

/// The error of an artifact's checksum, or none.
base::Result<void> check_content(int content, const Artifact& artifact);

/// A line of the step's log.
void say(RunningJob& job, const std::string& text);

/// Which artifacts there are here; an error where nothing is kept.
base::Result<ResultsAccess> results_of(const RunningJob& job);

}  // namespace steps::builtin
