#include "emulator/ecr_scans.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/crypto.h"
#include "emulator/api_failure.h"
#include "emulator/elb_state.h"

namespace emulator {

namespace {

constexpr double kScanSeconds = 1.5;
constexpr double kOncePer = 86'400;  // seconds between two scans of one image on demand
constexpr std::size_t kMostFindings = 1000;
constexpr std::array<std::string_view, 6> kSeverities{"INFORMATIONAL", "LOW",      "MEDIUM",
                                                      "HIGH",          "CRITICAL", "UNDEFINED"};

base::Json basic_finding(const base::Json& finding) {
  base::Json attributes = base::Json::array();
  for (const auto& [member, key] :
       {std::pair("package", "package_name"), std::pair("version", "package_version")}) {
    const auto value = base::json_string(finding, member);
    if (!value.empty()) attributes.push_back({{"key", key}, {"value", value}});
  }
  base::Json shown = {{"name", base::json_string(finding, "name")},
                      {"severity", base::json_string(finding, "severity")},
                      {"attributes", std::move(attributes)}};
  for (const char* member : {"description", "uri"}) {
    if (const auto text = base::json_string(finding, member); !text.empty()) shown[member] = text;
  }
  return shown;
}

base::Json enhanced_finding(const base::Json& finding, double seen_at) {
  const auto fixed_in = base::json_string(finding, "fixed_in");
  const auto name = base::json_string(finding, "name");
  base::Json package = {{"name", base::json_string(finding, "package", "unknown")},
                        {"version", base::json_string(finding, "version", "unknown")}};
  if (!fixed_in.empty()) package["fixedInVersion"] = fixed_in;
  return {{"title", fmt::format("{} - {}", name, base::json_string(finding, "package", "unknown"))},
          {"description", base::json_string(finding, "description", name)},
          {"severity", base::json_string(finding, "severity")},
          {"status", "ACTIVE"},
          {"type", "PACKAGE_VULNERABILITY"},
          {"fixAvailable", fixed_in.empty() ? "NO" : "YES"},
          {"firstObservedAt", seen_at},
          {"lastObservedAt", seen_at},
          {"updatedAt", seen_at},
          {"packageVulnerabilityDetails",
           {{"vulnerabilityId", name}, {"vulnerablePackages", base::Json::array({std::move(package)})}}}};
}

struct ScanSurroundings {
  Repositories& repositories;
  base::Clock& clock;
};

struct FoundImage {
  Repository repository;
  std::string digest;
};

std::variant<FoundImage, ApiFailure> image_of(const ScanSurroundings& all, const ApiCall& call) {
  const auto name = base::json_string(call.input, "repositoryName");
  auto repository = all.repositories.find(name);
  if (!repository)
    return failure("RepositoryNotFoundException",
                   fmt::format("The repository with name '{}' does not exist in the registry with id '{}'",
                               name, all.repositories.account()));
  const auto& id = base::json_member(call.input, "imageId");
  const auto by_digest = base::json_string(id, "imageDigest");
  const auto key = by_digest.empty() ? base::json_string(id, "imageTag") : by_digest;
  const auto digest = all.repositories.resolve(name, key);
  if (digest && repository->manifests.contains(*digest)) return FoundImage{std::move(*repository), *digest};
  return failure(
      "ImageNotFoundException",
      fmt::format("The image with imageId {{imageDigest:'{}', imageTag:'{}'}} does not exist within the "
                  "repository with name '{}' in the registry with id '{}'",
                  by_digest, base::json_string(id, "imageTag"), name, all.repositories.account()));
}

base::Json image_answer(const ScanSurroundings& all, const FoundImage& found, const ApiCall& call) {
  base::Json id = {{"imageDigest", found.digest}};
  const auto tag = base::json_string(base::json_member(call.input, "imageId"), "imageTag");
  if (!tag.empty()) id["imageTag"] = tag;
  return {{"registryId", all.repositories.account()},
          {"repositoryName", found.repository.name},
          {"imageId", std::move(id)}};
}

base::Json status_json(const char* status) {
  return {{"status", status}, {"description", "Findings are those that were declared to the emulator."}};
}

ApiResult start_scan(const ScanSurroundings& all, const ApiCall& call) {
  auto image = image_of(all, call);
  if (auto* refused = std::get_if<ApiFailure>(&image)) return *refused;
  const auto& found = std::get<FoundImage>(image);
  const double now = base::to_epoch_seconds(all.clock.now());
  if (all.repositories.scan_type() == ScanType::enhanced)
    return failure("ValidationException",
                   "This feature is disabled: the registry is scanned by ENHANCED scanning");
  const auto before = found.repository.scans.find(found.digest);
  if (before != found.repository.scans.end() && before->second.on_demand &&
      now - before->second.started_at < kOncePer)
    return failure("LimitExceededException",
                   "The scan quota per image has been exceeded. Wait and try again.");
  all.repositories.change(found.repository.name, [&](Repository& repository) {
    repository.scans[found.digest] = {now, true};
  });
  auto answer = image_answer(all, found, call);
  answer["imageScanStatus"] = status_json(scan_status(ScanType::basic, now, now));
  return answer;
}

ApiResult describe_findings(const ScanSurroundings& all, const ApiCall& call) {
  auto image = image_of(all, call);
  if (auto* refused = std::get_if<ApiFailure>(&image)) return *refused;
  const auto& found = std::get<FoundImage>(image);
  const auto type = all.repositories.scan_type();
  const auto scan = found.repository.scans.find(found.digest);
  if (scan == found.repository.scans.end() && type == ScanType::basic)
    return failure(
        "ScanNotFoundException",
        fmt::format("Image scan does not exist for the image with '{{imageDigest:'{}'}}' in the repository "
                    "with name '{}' in the registry with id '{}'",
                    found.digest, found.repository.name, all.repositories.account()));
  // Enhanced scanning looks at whatever was pushed, from then on.
  const double started_at = scan == found.repository.scans.end()
                                ? found.repository.manifests.at(found.digest).pushed_at
                                : scan->second.started_at;
  const double now = base::to_epoch_seconds(all.clock.now());
  const std::string status = scan_status(type, started_at, now);
  auto answer = image_answer(all, found, call);
  answer["imageScanStatus"] = status_json(status.c_str());
  if (status == "COMPLETE" || status == "ACTIVE")
    answer["imageScanFindings"] =
        scan_findings(type, declared_findings(found.repository, found.digest), started_at + kScanSeconds);
  return answer;
}

base::Json scanning_configuration(ScanType type) {
  return {{"scanType", type == ScanType::enhanced ? "ENHANCED" : "BASIC"}, {"rules", base::Json::array()}};
}

ApiResult put_scanning_configuration(const ScanSurroundings& all, const ApiCall& call) {
  const auto type = base::json_string(call.input, "scanType", "BASIC");
  if (type != "BASIC" && type != "ENHANCED")
    return failure(
        "InvalidParameterException",
        fmt::format("Invalid parameter at 'scanType': expected BASIC or ENHANCED, found '{}'", type));
  all.repositories.set_scan_type(type == "ENHANCED" ? ScanType::enhanced : ScanType::basic);
  return base::Json{{"registryScanningConfiguration", scanning_configuration(all.repositories.scan_type())}};
}

}  // namespace

std::string findings_fault(const base::Json& findings) {
  if (!findings.is_array() || findings.size() > kMostFindings)
    return fmt::format("expected a list of at most {} findings", kMostFindings);
  for (const auto& finding : findings) {
    if (base::json_string(finding, "name").empty()) return "a finding has no name";
    const auto severity = base::json_string(finding, "severity");
    if (std::find(kSeverities.begin(), kSeverities.end(), severity) == kSeverities.end())
      return fmt::format("severity: expected one of {}, found '{}'", fmt::join(kSeverities, ", "), severity);
  }
  return "";
}

base::Json declared_findings(const Repository& repository, const std::string& digest) {
  for (const auto& entry : repository.findings) {
    const auto pattern = base::json_string(entry, "image", "*");
    bool fits = matches_wildcard(pattern, digest);
    for (const auto& [tag, tagged] : repository.image_tags)
      fits = fits || (tagged == digest && matches_wildcard(pattern, tag));
    if (fits) return base::json_member(entry, "findings");
  }
  return base::Json::array();
}

const char* scan_status(ScanType type, double started_at, double now) {
  const bool over = now - started_at >= kScanSeconds;
  if (type == ScanType::enhanced) return over ? "ACTIVE" : "PENDING";
  return over ? "COMPLETE" : "IN_PROGRESS";
}

base::Json scan_findings(ScanType type, const base::Json& findings, double completed_at) {
  base::Json counts = base::Json::object();
  base::Json list = base::Json::array();
  for (const auto& finding : findings) {
    auto& count = counts[base::json_string(finding, "severity")];
    count = count.is_null() ? 1 : count.get<int>() + 1;
    list.push_back(type == ScanType::enhanced ? enhanced_finding(finding, completed_at)
                                              : basic_finding(finding));
  }
  return {{"imageScanCompletedAt", completed_at},
          {"vulnerabilitySourceUpdatedAt", completed_at},
          {"findingSeverityCounts", std::move(counts)},
          {type == ScanType::enhanced ? "enhancedFindings" : "findings", std::move(list)}};
}

void add_scan_operations(ServiceTable& table, Repositories& repositories, base::Clock& clock) {
  const ScanSurroundings all{repositories, clock};
  auto& operations = table.operations;
  operations["StartImageScan"] = [all](const ApiCall& call) { return start_scan(all, call); };
  operations["DescribeImageScanFindings"] = [all](const ApiCall& call) {
    return describe_findings(all, call);
  };
  operations["PutRegistryScanningConfiguration"] = [all](const ApiCall& call) {
    return put_scanning_configuration(all, call);
  };
  operations["GetRegistryScanningConfiguration"] = [all](const ApiCall&) -> ApiResult {
    return base::Json{{"registryId", all.repositories.account()},
                      {"scanningConfiguration", scanning_configuration(all.repositories.scan_type())}};
  };
}

}  // namespace emulator
