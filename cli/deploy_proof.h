#pragma once
// The proof that nobody noticed a release: requests before, during and after it, as a table, a picture and
// JSON.

#include <memory>
#include <optional>
#include <string>

#include "base/files.h"
#include "base/prober.h"
#include "ecs/release.h"

namespace cli {

struct ProofOptions {
  std::string url;             ///< empty: nothing is probed
  std::string version_header;  ///< of an answer, whose value names the version
  std::string report;          ///< a folder for report.json, summary.md and requests.svg; empty: none
  std::string summary;         ///< a file that the summary is added to: GITHUB_STEP_SUMMARY; empty: none
};

/// What happened, as JSON: how each part ended, and the requests when there were any.
base::Json report_of(const ecs::ReleaseOutcome& outcome, const std::optional<base::ProbeRecord>& record);

class DeployProof {
 public:
  DeployProof(ProofOptions options, base::HttpClient& http);
  /// Some seconds of requests before anything changes.
  void look_before(std::stop_token stop);
  /// Some seconds more, then the report.
  base::Result<void> finish(const ecs::ReleaseOutcome& outcome, std::stop_token stop);
  /// Nothing when nothing was probed.
  [[nodiscard]] const std::optional<base::ProbeRecord>& record() const { return record_; }

 private:
  ProofOptions options_;
  std::unique_ptr<base::Prober> prober_;
  std::optional<base::ProbeRecord> record_;
};

}  // namespace cli
