// Lifecycle policies, scans and the registry's manners.
#include <gmock/gmock.h>

#include "base/files.h"
#include "emulator/ecr_scans.h"
#include "emulator/lifecycle_policy.h"
#include "emulator/policy.h"
#include "emulator/registry_routes.h"
#include "tests/fakes/fake_clock.h"

namespace emulator {
namespace {

constexpr double kDaySeconds = 86'400;

// Six images, a day apart, the newest first: a to f.
Repository six_images() {
  Repository repository{.name = "web"};
  for (int i = 0; i < 6; ++i)
    repository.manifests[std::string(1, static_cast<char>('a' + i))] = {"", 1, (10 - i) * kDaySeconds};
  repository.image_tags = {{"prod-2", "a"}, {"prod-1", "c"}, {"test-1", "b"}, {"test-0", "d"}};
  return repository;
}

std::string expiring(const std::string& rules) {
  std::string told;
  for (const auto& image : expiring_images(R"({"rules": [)" + rules + "]}", six_images(), 10 * kDaySeconds))
    told += image.digest + std::to_string(image.rule_priority) + " ";
  return told;
}

std::string rule(int priority, const std::string& selection) {
  return R"({"rulePriority": )" + std::to_string(priority) + R"(, "selection": {)" + selection +
         R"(}, "action": {"type": "expire"}})";
}

TEST(LifecyclePolicyTest, ExpiresWhatIsTooMuchOrTooOld) {
  const std::string two = R"("tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 2)";
  const std::string old =
      R"("tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 4)";
  EXPECT_EQ(expiring(rule(1, two)), "c1 d1 e1 f1 ");
  EXPECT_EQ(expiring(rule(1, old)), "f1 ");
}

TEST(LifecyclePolicyTest, KeepsWhatARuleOfALowerNumberHasSeen) {
  const std::string prod =
      R"("tagStatus": "tagged", "tagPrefixList": ["prod"], "countType": "imageCountMoreThan", "countNumber": 1)";
  const std::string one = R"("tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1)";
  EXPECT_EQ(expiring(rule(5, one) + "," + rule(2, prod)), "c2 d5 e5 f5 ");
  const std::string pattern =
      R"("tagStatus": "tagged", "tagPatternList": ["*-1"], "countType": "imageCountMoreThan", "countNumber": 1)";
  EXPECT_EQ(expiring(rule(1, pattern)), "c1 ");
}

TEST(LifecyclePolicyTest, SaysWhatIsWrongWithAPolicy) {
  EXPECT_EQ(lifecycle_fault(R"({"rules": []})"), "rules: expected a list of at least one rule");
  EXPECT_EQ(lifecycle_fault(R"({"rules": [{"rulePriority": 1}]})"),
            "tagStatus: expected tagged, untagged or any, found ''");
  const auto tagged =
      rule(1, R"("tagStatus": "tagged", "countType": "imageCountMoreThan", "countNumber": 1)");
  EXPECT_THAT(lifecycle_fault(R"({"rules": [)" + tagged + "]}"), testing::HasSubstr("tagPrefixList"));
  EXPECT_NE(lifecycle_fault("no json"), "");
}

TEST(ScanTest, GoesThroughTheStatesOfItsKind) {
  EXPECT_STREQ(scan_status(ScanType::basic, 100, 100.5), "IN_PROGRESS");
  EXPECT_STREQ(scan_status(ScanType::basic, 100, 110), "COMPLETE");
  EXPECT_STREQ(scan_status(ScanType::enhanced, 100, 100.5), "PENDING");
  EXPECT_STREQ(scan_status(ScanType::enhanced, 100, 1e9), "ACTIVE");
}

TEST(ScanTest, CountsSeveritiesAndTellsWhatCanBeFixed) {
  const base::Json findings = {
      {{"name", "CVE-1"}, {"severity", "HIGH"}, {"package", "zlib"}, {"fixed_in", "2"}},
      {{"name", "CVE-2"}, {"severity", "HIGH"}}};
  const auto basic = scan_findings(ScanType::basic, findings, 5);
  EXPECT_EQ(basic["findingSeverityCounts"], base::Json({{"HIGH", 2}}));
  EXPECT_EQ(basic["findings"][0]["attributes"][0]["value"], "zlib");
  const auto enhanced = scan_findings(ScanType::enhanced, findings, 5)["enhancedFindings"];
  EXPECT_EQ(enhanced[0]["fixAvailable"], "YES");
  EXPECT_EQ(enhanced[1]["fixAvailable"], "NO");
  EXPECT_EQ(findings_fault({{{"name", "CVE-1"}, {"severity", "BAD"}}}).substr(0, 24),
            "severity: expected one o");
}

TEST(AccessPolicyTest, DeniesFirstAndKnowsResourcesAndConditions) {
  const auto policy = base::parse_json(R"({"Statement": [
      {"Effect": "Allow", "Action": ["ecs:*"], "Resource": "arn:aws:ecs:*:service/a/*"},
      {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
       "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}},
      {"Effect": "Allow", "NotAction": "ecs:*", "NotResource": "x*"},
      {"Effect": "Deny", "Action": "ecs:Delete*", "Resource": "*"}]})");
  const auto ask = [&](const char* action, const char* resource) {
    return evaluate_access({*policy}, {action, resource, {}});
  };
  EXPECT_EQ(ask("ecs:UpdateService", "arn:aws:ecs:x:service/a/b"), Access::allowed);
  EXPECT_EQ(ask("ecs:UpdateService", "arn:aws:ecs:x:service/b/b"), Access::implicitly_denied);
  EXPECT_EQ(ask("ecs:DeleteService", "arn:aws:ecs:x:service/a/b"), Access::explicitly_denied);
  EXPECT_EQ(ask("ecr:PutImage", "x1"), Access::implicitly_denied);
  EXPECT_EQ(ask("ecr:PutImage", "y1"), Access::allowed);
  EXPECT_EQ(evaluate_access({*policy},
                            {"iam:PassRole", "x", {{"iam:PassedToService", {"ecs-tasks.amazonaws.com"}}}}),
            Access::allowed);
  EXPECT_EQ(ask("iam:PassRole", "x"), Access::implicitly_denied);
}

TEST(RegistryManner, OfEcrAnswersChunksOtherwiseThanTheSpecification) {
  fakes::FakeClock clock;
  const auto folder = *base::TempDir::create("manner");
  auto store = *ecr::ImageStore::open(folder.path() / "images");
  const auto repositories =
      *Repositories::open(folder.path() / "repositories.json", store, clock, "123456789012", "eu-central-1");
  (void)repositories->create("app", false, false);
  RegistryRoutes registry(
      *repositories,
      {.principal_of = [](const std::string&) { return std::optional<Principal>(std::in_place); },
       .manner = RegistryManner::ecr});
  const auto send = [&](const char* method, const std::string& path, const std::string& body) {
    base::ServerRequest request;
    request.method = method;
    request.path = path;
    request.read_body = [&](const std::function<bool(std::string_view)>& sink) -> base::Result<void> {
      sink(body);
      return {};
    };
    return registry.answer(request);
  };
  const auto started = send("POST", "/v2/app/blobs/uploads/", "");
  const auto location = *base::header_value(started.headers, "Location");
  for (const char* chunk : {"four", "more"}) {
    const auto answer = send("PATCH", location, chunk);
    EXPECT_EQ(answer.status, 201);
    EXPECT_EQ(base::header_value(answer.headers, "Range"), "0-3") << "it does not advance";
  }
}

}  // namespace
}  // namespace emulator
