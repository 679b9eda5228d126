#pragma once
// The workspace of a job as it was before each of its steps, kept cheaply: what did not change since the step
// before is one more name of the same file. Not for the state of the job (step_state).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "steps/secret_masker.h"

namespace runner {

/// Beyond these a workspace is not kept. Bytes do not count where the disk shares blocks (reflinks).
struct SnapshotLimits {
  std::size_t entries = 10'000;
  std::uint64_t bytes = 256U << 20;
};

class WorkspaceSnapshots {
 public:
  /// Below `folder`, which is made when the first is taken. Steps must not see it.
  WorkspaceSnapshots(base::Path folder, base::Path workspace, SnapshotLimits limits = {});

  /// Keeps the workspace as it is now, as that of `step`. Returns false when it is too large by now, or a
  /// step has made it unreadable: then `why_off` says so, and no further one is taken.
  bool take(int step);
  [[nodiscard]] const std::string& why_off() const { return why_off_; }
  /// Bytes that were copied so far.
  [[nodiscard]] std::uint64_t copied() const { return copied_; }

  /// The folder that holds the workspace of a step: its own, or that of the last one before which it changed.
  /// not_found when there is none.
  static base::Result<base::Path> tree_of(const base::Path& folder, int step);
  /// Takes out of all of them each file that holds a secret, or is too large to be searched; returns their
  /// names.
  static base::Result<std::vector<std::string>> remove_secrets(const base::Path& folder,
                                                               const steps::SecretMasker& masker);

 private:
  /// What tells whether a file changed: nobody can set its change time.
  struct Identity {
    std::uint64_t inode = 0;
    std::int64_t changed_ns = 0;
    std::uint64_t size = 0;
    unsigned mode = 0;
    bool operator==(const Identity&) const = default;
  };
  using Manifest = std::map<std::string, Identity>;
  class Scan;
  class Copy;

  base::Result<void> keep(int step);

  base::Path folder_;
  base::Path workspace_;
  SnapshotLimits limits_;
  Manifest last_;
  std::int64_t last_taken_ns_ = 0;
  std::optional<int> last_tree_;  ///< the step whose tree the last manifest is of
  std::uint64_t copied_ = 0;
  std::string why_off_;
};

}  // namespace runner
