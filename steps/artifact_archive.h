#pragma once
// Artifacts as zip files, from and to what steps see: the files are read and made by tar in the job's
// sandbox, the zip is ours. Not for names and lifetimes (artifacts.h).

#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "sandbox/sandbox.h"
#include "steps/blob_store.h"
#include "steps/running_job.h"

namespace steps {

/// Who reads or makes the files.
struct ArchiveWorker {
  RunningJob& job;
  const sandbox::EnvVars& environment;  ///< of the step
  std::stop_token stop;
};

/// A zip of `files`, absolute paths below `root`, links followed.
base::Result<void> write_artifact_zip(const ArchiveWorker& worker, const std::vector<std::string>& files,
                                      const std::string& root, int level, BlobDraft& draft);
/// The file as it is.
base::Result<void> write_artifact_file(const ArchiveWorker& worker, const std::string& file,
                                       BlobDraft& draft);

/// Unpacks a zip into a folder, made when missing. A name that leads out of it is invalid_input.
base::Result<void> unpack_artifact_zip(const ArchiveWorker& worker, int zip, const std::string& folder);
/// Makes `folder`/`name` of the content.
base::Result<void> unpack_artifact_file(const ArchiveWorker& worker, int content, std::uint64_t size,
                                        const std::string& folder, const std::string& name);

/// What comes into one zip of several.
struct MergedArtifact {
  base::Fd zip;
  std::string folder;  ///< in the new one; "" is its root
};
/// A zip of all that is in others; of two files with one name the later stays.
base::Result<void> merge_artifact_zips(const std::vector<MergedArtifact>& artifacts, bool hidden, int level,
                                       BlobDraft& draft);

}  // namespace steps
