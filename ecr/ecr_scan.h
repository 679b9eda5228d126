#pragma once
// ECR's findings about an image as a gate: by severity, and by whether a newer version mends them. Basic
// scans and enhanced ones, which never end but rest at ACTIVE.

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "aws/client.h"
#include "base/json_fwd.h"
#include "base/result.h"

namespace ecr {

enum class Severity { undefined, informational, low, medium, high, critical };
base::Result<Severity> parse_severity(std::string_view text);
std::string_view to_string(Severity severity);

struct ScanFinding {
  std::string name;  ///< CVE-2024-1234
  Severity severity = Severity::undefined;
  std::string package;   ///< openssl 3.0.1
  std::string fixed_in;  ///< empty: no version mends it, or none is known
  bool fixable = false;
};

/// The answers to DescribeImageScanFindings, all pages of them.
struct ScanReport {
  std::string status;  ///< COMPLETE, ACTIVE, IN_PROGRESS, FAILED …
  std::string description;
  std::vector<ScanFinding> findings;
};
/// Adds a page to the report. Pure.
void add_findings(ScanReport& report, const base::Json& answer);

enum class CountedFindings { all, fixable };
struct ScanGate {
  Severity most = Severity::high;  ///< this and above fail
  CountedFindings counted = CountedFindings::all;
};
/// Those that fail the gate, the worst first. Pure.
std::vector<ScanFinding> failing(const ScanReport& report, const ScanGate& gate);

struct ScannedImage {
  std::string account;  ///< empty: the caller's own
  std::string repository;
  std::string tag, digest;  ///< one of them
  std::chrono::seconds patience{300};
};
/// Starts a scan where none goes on by itself, waits, and reads all findings. A scan that cannot end well
/// (UNSUPPORTED_IMAGE, FAILED …) is an error: what was not looked at has not passed.
base::Result<ScanReport> scan_image(aws::Client& client, const ScannedImage& image);

}  // namespace ecr
