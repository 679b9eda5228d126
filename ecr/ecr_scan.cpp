#include "ecr/ecr_scan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"

namespace ecr {

namespace {

using base::Json;
using base::json_member;
using base::json_string;
using base::Result;

constexpr std::string_view kSeverities[] = {"UNDEFINED", "INFORMATIONAL", "LOW",
                                            "MEDIUM",    "HIGH",          "CRITICAL"};
constexpr std::chrono::seconds kBetweenLooks{2};
constexpr std::size_t kMostFindings = 100'000;

Severity severity_of(const Json& finding) {
  return parse_severity(json_string(finding, "severity")).value_or(Severity::undefined);
}

ScanFinding basic_finding(const Json& json) {
  ScanFinding finding{json_string(json, "name"), severity_of(json), "", "", false};
  for (const Json& attribute : json_member(json, "attributes")) {
    const auto key = json_string(attribute, "key");
    const auto value = json_string(attribute, "value");
    if (key == "package_name") finding.package = value + finding.package;
    if (key == "package_version") finding.package += " " + value;
    if (key == "fixed_in" || key == "patched_version") finding.fixed_in = value;
  }
  finding.fixable = !finding.fixed_in.empty();
  return finding;
}

ScanFinding enhanced_finding(const Json& json) {
  const Json& details = json_member(json, "packageVulnerabilityDetails");
  ScanFinding finding{json_string(details, "vulnerabilityId", json_string(json, "title")), severity_of(json),
                      "", "", false};
  for (const Json& package : json_member(details, "vulnerablePackages")) {
    if (finding.package.empty())
      finding.package = json_string(package, "name") + " " + json_string(package, "version");
    const auto fixed = json_string(package, "fixedInVersion");
    if (fixed != "NotAvailable" && finding.fixed_in.empty()) finding.fixed_in = fixed;
  }
  const auto available = json_string(json, "fixAvailable");
  finding.fixable = available.empty() ? !finding.fixed_in.empty() : available != "NO";
  return finding;
}

Json request_of(const ScannedImage& image) {
  Json request = {{"repositoryName", image.repository}};
  if (!image.account.empty()) request["registryId"] = image.account;
  request["imageId"] =
      image.digest.empty() ? Json{{"imageTag", image.tag}} : Json{{"imageDigest", image.digest}};
  return request;
}

Result<Json> ask(aws::Client& client, std::string_view operation, const Json& request) {
  return client.call_json(aws::kEcr, fmt::format("AmazonEC2ContainerRegistry_V20150921.{}", operation),
                          request);
}

Result<ScanReport> read_all_pages(aws::Client& client, Json request, const Json& first) {
  ScanReport report;
  add_findings(report, first);
  auto next = json_string(first, "nextToken");
  while (!next.empty() && report.findings.size() < kMostFindings) {
    request["nextToken"] = next;
    TRY(const Json page, ask(client, "DescribeImageScanFindings", request));
    add_findings(report, page);
    next = json_string(page, "nextToken");
  }
  return report;
}

bool is_ready(const std::string& status) {
  return status == "COMPLETE" || status == "ACTIVE";
}

/// What may still become a report.
bool may_come(const std::string& status) {
  return status == "IN_PROGRESS" || status == "PENDING" || status.empty();
}

}  // namespace

Result<Severity> parse_severity(std::string_view text) {
  for (std::size_t i = 0; i < std::size(kSeverities); ++i) {
    if (base::equals_ignoring_case(kSeverities[i], text)) return static_cast<Severity>(i);
  }
  return base::invalid_input(
      fmt::format("expected a severity, one of {}, found '{}'", fmt::join(kSeverities, ", "), text));
}

std::string_view to_string(Severity severity) {
  return kSeverities[static_cast<std::size_t>(severity)];
}

void add_findings(ScanReport& report, const Json& answer) {
  const Json& status = json_member(answer, "imageScanStatus");
  report.status = json_string(status, "status");
  report.description = json_string(status, "description");
  const Json& findings = json_member(answer, "imageScanFindings");
  for (const Json& finding : json_member(findings, "findings"))
    report.findings.push_back(basic_finding(finding));
  for (const Json& finding : json_member(findings, "enhancedFindings"))
    report.findings.push_back(enhanced_finding(finding));
}

std::vector<ScanFinding> failing(const ScanReport& report, const ScanGate& gate) {
  std::vector<ScanFinding> found;
  for (const auto& finding : report.findings) {
    const bool counts = gate.counted == CountedFindings::all || finding.fixable;
    if (finding.severity >= gate.most && counts) found.push_back(finding);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const ScanFinding& a, const ScanFinding& b) { return a.severity > b.severity; });
  return found;
}

Result<ScanReport> scan_image(aws::Client& client, const ScannedImage& image) {
  const Json request = request_of(image);
  base::Clock& clock = *client.options().clock;
  const auto began = clock.steady_now();
  bool started = false;
  while (true) {
    auto answer = ask(client, "DescribeImageScanFindings", request);
    // Right after a push there is no scan yet; one begins by itself, or has to be begun.
    const bool missing = !answer && answer.error().code == "ScanNotFoundException";
    if (!answer && !missing) return std::move(answer).error();
    if (missing && !started) {
      auto start = ask(client, "StartImageScan", request);
      // Once a day only, and never where scans are enhanced: then one goes on already.
      const bool goes_on = !start && (start.error().code == "LimitExceededException" ||
                                      start.error().code == "ValidationException");
      if (!start && !goes_on) return std::move(start).error().while_doing("starting a scan");
      started = true;
    }
    const auto status = answer ? json_string(json_member(*answer, "imageScanStatus"), "status") : "";
    if (answer && is_ready(status)) return read_all_pages(client, request, *answer);
    if (!may_come(status)) {
      return base::make_error(
          base::ErrorKind::remote,
          fmt::format("ECR has no findings: {}: {}; what was not looked at has not passed", status,
                      json_string(json_member(*answer, "imageScanStatus"), "description")));
    }
    if (clock.steady_now() - began > image.patience) {
      return base::make_error(base::ErrorKind::unavailable,
                              fmt::format("the scan did not end within {} s", image.patience.count()));
    }
    if (!clock.sleep_for(kBetweenLooks, client.options().stop))
      return base::make_error(base::ErrorKind::cancelled, "cancelled while waiting for a scan");
  }
}

}  // namespace ecr
