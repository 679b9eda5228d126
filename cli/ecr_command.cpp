#include <fmt/format.h>

#include "base/json.h"
#include "cli/aws_session.h"
#include "cli/commands.h"
#include "cli/interrupts.h"
#include "ecr/ecr_scan.h"
#include "ecr/ecr_setup.h"
#include "ecr/image_reference.h"

namespace cli {

namespace {

using base::Result;

constexpr std::size_t kLargestPolicy = 1U << 20;

Result<std::string> text_of_file(const std::string& path) {
  if (path.empty()) return std::string();
  return base::read_file(path, kLargestPolicy);
}

/// REPOSITORY[:TAG][@DIGEST], with or without the registry's host.
Result<ecr::ScannedImage> scanned_image(const std::string& text) {
  TRY(const auto reference, ecr::parse_image_reference(text));
  ecr::ScannedImage image;
  image.repository = reference.repository;
  image.tag = reference.tag;
  if (reference.digest) image.digest = reference.digest->to_string();
  const auto dot = reference.host.find(".dkr.ecr");
  if (dot != std::string::npos) {
    image.account = reference.host.substr(0, dot);
  } else if (text.find(reference.host + "/") != 0) {
    // What has no host in it is no image of Docker Hub here, but a repository of one's own.
    const auto end = text.find_first_of(":@");
    image.repository = text.substr(0, end);
  }
  return image;
}

Result<int> scan(aws::Client& client, const EcrFlags& flags) {
  TRY(const auto image, scanned_image(flags.name));
  TRY(const auto most, ecr::parse_severity(flags.fail_on));
  TRY(const auto report, ecr::scan_image(client, image));
  const ecr::ScanGate gate{most, flags.fixable ? ecr::CountedFindings::fixable : ecr::CountedFindings::all};
  const auto found = ecr::failing(report, gate);
  base::Json json = {{"findings", report.findings.size()}, {"failing", base::Json::array()}};
  for (const auto& finding : found) {
    json["failing"].push_back({{"name", finding.name},
                               {"severity", std::string(ecr::to_string(finding.severity))},
                               {"package", finding.package},
                               {"fixed_in", finding.fixed_in}});
    if (flags.json) continue;
    fmt::print("{:<9} {}  {}{}\n", ecr::to_string(finding.severity), finding.name, finding.package,
               finding.fixed_in.empty() ? "" : "  fixed in " + finding.fixed_in);
  }
  if (flags.json) {
    fmt::print("{}\n", base::to_text(json, 2));
  } else {
    fmt::print("{} findings, {} of {} and above{}\n", report.findings.size(), found.size(),
               ecr::to_string(most), flags.fixable ? " that a newer version mends" : "");
  }
  return found.empty() ? kPassed : kJobFailed;
}

Result<int> ensure(aws::Client& client, const EcrFlags& flags) {
  ecr::RepositorySettings settings{flags.name, flags.immutable_tags, flags.scan_on_push, "", ""};
  TRY(settings.policy, text_of_file(flags.policy));
  TRY(settings.lifecycle_policy, text_of_file(flags.lifecycle));
  TRY(const auto ensured, ecr::ensure_repository(client, settings));
  if (flags.json) {
    fmt::print("{}\n", base::to_text({{"repository", ensured.repository.name},
                                      {"uri", ensured.repository.uri},
                                      {"created", ensured.created}}));
  } else {
    fmt::print("{} {}\n", ensured.repository.uri, ensured.created ? "was created" : "is there");
  }
  return kPassed;
}

Result<int> preview(aws::Client& client, const EcrFlags& flags) {
  TRY(const auto policy, text_of_file(flags.lifecycle));
  TRY(const auto images, ecr::preview_lifecycle(client, flags.name, policy));
  base::Json json = base::Json::array();
  for (const auto& image : images) {
    json.push_back({{"digest", image.digest}, {"tags", image.tags}, {"rule", image.rule}});
    if (!flags.json) fmt::print("rule {}  {}  {}\n", image.rule, image.digest, base::join(image.tags, ", "));
  }
  if (flags.json) {
    fmt::print("{}\n", base::to_text(json, 2));
  } else {
    fmt::print("{} images would expire\n", images.size());
  }
  return kPassed;
}

Result<int> carry_out_ecr(const EcrFlags& flags) {
  const auto http = base::make_curl_http_client();
  TRY(auto client, make_aws_client(*http, flags.region));
  if (flags.verb == "scan") return scan(client, flags);
  return flags.verb == "create" ? ensure(client, flags) : preview(client, flags);
}

}  // namespace

int ecr_command(const EcrFlags& flags) {
  watch_for_interrupts();
  const auto code = carry_out_ecr(flags);
  return code ? *code : complain(code.error());
}

}  // namespace cli
