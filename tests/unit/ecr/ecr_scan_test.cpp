#include "ecr/ecr_scan.h"

#include "ecr/ecr_setup.h"
#include "tests/unit/ecs/ecs_fixture.h"

namespace ecr {
namespace {

using base::Json;
using testing::ElementsAre;
using testing::HasSubstr;

class EcrScanTest : public ecs::EcsFixture {
 protected:
  static Json basic(const std::string& status) {
    return {{"imageScanStatus", {{"status", status}}},
            {"imageScanFindings",
             {{"findings",
               {{{"name", "CVE-1"},
                 {"severity", "HIGH"},
                 {"attributes", {{{"key", "package_name"}, {"value", "openssl"}}}}},
                {{"name", "CVE-2"},
                 {"severity", "CRITICAL"},
                 {"attributes", {{{"key", "fixed_in"}, {"value", "3.1"}}}}},
                {{"name", "CVE-3"}, {"severity", "LOW"}}}}}}};
  }
  base::Result<ScanReport> scan() {
    aws::Client client = make_client();
    return scan_image(client, {"", "items", "v1", ""});
  }
  static std::vector<std::string> names(const std::vector<ScanFinding>& findings) {
    std::vector<std::string> names;
    for (const auto& finding : findings) names.push_back(finding.name);
    return names;
  }
};

TEST_F(EcrScanTest, WaitsForTheScanAndGatesBySeverity) {
  will_fail("DescribeImageScanFindings", 400, "ScanNotFoundException");
  will_answer("StartImageScan", Json::object());
  will_answer("DescribeImageScanFindings", {{"imageScanStatus", {{"status", "IN_PROGRESS"}}}});
  will_answer("DescribeImageScanFindings", basic("COMPLETE"));
  const auto report = scan();
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_THAT(names(failing(*report, {Severity::high, CountedFindings::all})), ElementsAre("CVE-2", "CVE-1"));
  EXPECT_THAT(names(failing(*report, {Severity::high, CountedFindings::fixable})), ElementsAre("CVE-2"));
  EXPECT_EQ(sent("StartImageScan").size(), 1U);
  EXPECT_EQ(sent("StartImageScan").at(0),
            (Json{{"repositoryName", "items"}, {"imageId", {{"imageTag", "v1"}}}}));
}

TEST_F(EcrScanTest, AnEnhancedScanIsReadyWhenItIsActive) {
  will_answer("DescribeImageScanFindings",
              {{"imageScanStatus", {{"status", "ACTIVE"}}},
               {"nextToken", "n"},
               {"imageScanFindings",
                {{"enhancedFindings",
                  {{{"severity", "HIGH"},
                    {"fixAvailable", "YES"},
                    {"packageVulnerabilityDetails",
                     {{"vulnerabilityId", "CVE-9"},
                      {"vulnerablePackages",
                       {{{"name", "zlib"}, {"version", "1.2"}, {"fixedInVersion", "1.3"}}}}}}}}}}}});
  will_answer("DescribeImageScanFindings", {{"imageScanStatus", {{"status", "ACTIVE"}}}});
  const auto report = scan();
  ASSERT_TRUE(report);
  ASSERT_EQ(report->findings.size(), 1U);
  EXPECT_EQ(report->findings[0].package, "zlib 1.2");
  EXPECT_EQ(report->findings[0].fixed_in, "1.3");
  EXPECT_TRUE(report->findings[0].fixable);
}

TEST_F(EcrScanTest, WhatCannotBeScannedHasNotPassed) {
  will_answer("DescribeImageScanFindings", {{"imageScanStatus", {{"status", "UNSUPPORTED_IMAGE"}}}});
  EXPECT_THAT(scan().error().message, HasSubstr("UNSUPPORTED_IMAGE"));
}

TEST_F(EcrScanTest, ASecondScanOfTheDayIsWaitedForNotStarted) {
  will_fail("DescribeImageScanFindings", 400, "ScanNotFoundException");
  will_answer("DescribeImageScanFindings", basic("COMPLETE"));
  will_fail("StartImageScan", 400, "ValidationException");
  EXPECT_TRUE(scan());
}

TEST_F(EcrScanTest, SeveritiesHaveAnOrderAndNames) {
  EXPECT_EQ(*parse_severity("high"), Severity::high);
  EXPECT_LT(Severity::medium, Severity::high);
  EXPECT_THAT(parse_severity("bad").error().message, HasSubstr("CRITICAL"));
}

class EcrSetupTest : public ecs::EcsFixture {};

TEST_F(EcrSetupTest, CreatesWhatIsMissingWithItsPolicies) {
  will_fail("DescribeRepositories", 400, "RepositoryNotFoundException");
  will_answer("CreateRepository",
              {{"repository", {{"repositoryName", "items"}, {"repositoryUri", "r/items"}}}});
  will_answer("SetRepositoryPolicy", Json::object());
  will_answer("PutLifecyclePolicy", Json::object());
  aws::Client client = make_client();
  const auto ensured = ensure_repository(client, {"items", true, true, "{}", R"({"rules":[]})"});
  ASSERT_TRUE(ensured) << ensured.error().to_string();
  EXPECT_TRUE(ensured->created);
  EXPECT_EQ(sent("CreateRepository").at(0), (Json{{"repositoryName", "items"},
                                                  {"imageTagMutability", "IMMUTABLE"},
                                                  {"imageScanningConfiguration", {{"scanOnPush", true}}}}));
  EXPECT_EQ(sent("PutLifecyclePolicy").at(0)["lifecyclePolicyText"], R"({"rules":[]})");
}

TEST_F(EcrSetupTest, LeavesWhatIsThere) {
  will_answer("DescribeRepositories", {{"repositories", {{{"repositoryName", "items"}}}}});
  aws::Client client = make_client();
  const auto ensured = ensure_repository(client, {.name = "items"});
  ASSERT_TRUE(ensured);
  EXPECT_FALSE(ensured->created);
  EXPECT_TRUE(sent("CreateRepository").empty());
}

TEST_F(EcrSetupTest, APreviewNamesImagesAndRules) {
  will_answer("StartLifecyclePolicyPreview", Json::object());
  will_answer("GetLifecyclePolicyPreview", {{"status", "IN_PROGRESS"}});
  will_answer("GetLifecyclePolicyPreview",
              {{"status", "COMPLETE"},
               {"previewResults",
                {{{"imageDigest", "sha256:a"}, {"imageTags", {"v1"}}, {"appliedRulePriority", 2}}}}});
  aws::Client client = make_client();
  const auto images = preview_lifecycle(client, "items", "");
  ASSERT_TRUE(images) << images.error().to_string();
  ASSERT_EQ(images->size(), 1U);
  EXPECT_EQ(images->at(0).rule, 2);
  EXPECT_THAT(images->at(0).tags, ElementsAre("v1"));
}

}  // namespace
}  // namespace ecr
