#pragma once
// What the steps of a job declare to have made, by GITHUB_ARTIFACTS: files of the job with their digests, and
// images by theirs; GITHUB_ARTIFACTS_LIST shows them to later steps (actions/runner
// CreateArtifactsFileCommand.cs, ArtifactsListFileCommand.cs). Not for artifacts that are uploaded
// (artifacts.h).

#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "steps/running_job.h"

namespace steps {

struct ArtifactSubject {
  std::string name;
  std::string digest;  ///< `sha256:…`
  std::string kind;    ///< `file`, `oci`
  int line = 0;        ///< where it was declared
};

/// Of one job; used by all its steps, those in the background, too.
class ArtifactSubjects {
 public:
  static constexpr std::size_t kMost = 500;
  struct Added {
    std::size_t now = 0;  ///< that were not there already
    std::size_t all = 0;
  };
  /// All in their order up to the first that contradicts an earlier one or is one too many: that is the
  /// Error.
  base::Result<Added> add(const std::vector<ArtifactSubject>& subjects);
  /// `{"version":1,"subjects":[…]}`, by name.
  [[nodiscard]] std::string list() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, ArtifactSubject> subjects_;
};

/// The lines of the file; the digests of files are taken now. The Error names the line.
base::Result<std::vector<ArtifactSubject>> read_artifact_subjects(std::string_view text,
                                                                  const RunningJob& job,
                                                                  const std::stop_token& stop);

}  // namespace steps
