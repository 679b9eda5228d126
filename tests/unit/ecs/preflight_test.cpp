#include "ecs/preflight.h"

#include <gmock/gmock.h>

#include "base/strings.h"
#include "ecs/definition_diff.h"

namespace ecs {
namespace {

using base::Json;
using testing::HasSubstr;
using testing::Not;

base::Error error_of(base::ErrorKind kind, const std::string& code) {
  auto error = base::make_error(kind, "no");
  error.code = code;
  return error;
}

/// A service with which all is well; each test spoils one thing.
class PreflightTest : public testing::Test {
 protected:
  PreflightTest() {
    facts_.service.name = "items";
    facts_.service.launch_type = "FARGATE";
    facts_.service.health_check_grace_seconds = 60;
    facts_.plan.request = {.cluster = "production", .service = "items", .task_definition_arn = "items:2"};
    facts_.plan.replaces = "arn:x/items:1";
    facts_.plan.desired = 2;
    facts_.plan.least_healthy = 2;
    facts_.plan.most_running = 4;
    facts_.definition = {{"family", "items"},
                         {"networkMode", "awsvpc"},
                         {"containerDefinitions",
                          {{{"name", "web"},
                            {"image", "r:1"},
                            {"memory", 256},
                            {"portMappings", {{{"containerPort", 8000}}}}}}}};
    facts_.images.push_back({"web", "r:1", EcrImageFact{"sha256:a", {"linux/amd64"}, "IMMUTABLE"}});
    const Json trust = {{"Statement",
                         {{{"Effect", "Allow"},
                           {"Principal", {{"Service", {"ec2.amazonaws.com", "ecs-tasks.amazonaws.com"}}}}}}}};
    facts_.roles.push_back({"execution role", "arn:aws:iam::1:role/E", trust, true});
    facts_.secrets.push_back({"web", "TOKEN", "arn:secret", base::Result<void>(), true});
    facts_.log_groups.push_back({"web", "/ecs/items", false, true});
    TargetGroup group{"items", "ip", "vpc-1", "/health", "200"};
    group.load_balancers = 1;
    facts_.target_groups.push_back({{"arn:x:targetgroup/items/1", "web", 8000},
                                    group,
                                    std::vector<TargetHealth>{{"10.0.0.1:8000", "healthy", "", ""}}});
    facts_.subnets = std::vector<Subnet>{{"subnet-1", "vpc-1", 100}};
    facts_.service.subnets = {"subnet-1"};
  }
  std::string told() { return base::join(to_lines(judge(facts_)), "\n"); }
  /// The lines of problems.
  std::string problems() {
    std::string text;
    for (const auto& line : to_lines(judge(facts_))) {
      if (line.find("✗") != std::string::npos && line.find(": ") != std::string::npos) text += line + "\n";
    }
    return text;
  }
  TargetGroup& group() { return facts_.target_groups[0].group.value(); }

  PreflightFacts facts_;
};

TEST_F(PreflightTest, IsContentWhenAllIsWell) {
  EXPECT_EQ(problems(), "");
  EXPECT_EQ(judge(facts_).verdict, Verdict::ok) << told();
  EXPECT_THAT(told(), HasSubstr("✓ image of web: r:1 is sha256:a for linux/amd64"));
}

TEST_F(PreflightTest, TellsAllProblemsAtOnce) {
  facts_.images[0].found = error_of(base::ErrorKind::not_found, "");
  facts_.log_groups[0].exists = false;
  facts_.roles[0].trust_policy = error_of(base::ErrorKind::not_found, "NoSuchEntity");
  EXPECT_EQ(count_of(judge(facts_), Verdict::problem), 3) << told();
  EXPECT_EQ(to_json(judge(facts_))["verdict"], "problem");
}

TEST_F(PreflightTest, WhatMayNotBeAskedIsUnknown) {
  facts_.roles[0].may_be_passed = error_of(base::ErrorKind::denied, "AccessDenied");
  EXPECT_EQ(judge(facts_).verdict, Verdict::unknown);
  EXPECT_THAT(told(), HasSubstr("? iam:PassRole: could not be looked at: AccessDenied"));
}

TEST_F(PreflightTest, HoldsTheDefinitionAgainstWhatEcsTakes) {
  facts_.definition["containerDefinitions"][0]["memory"] = "256";
  facts_.definition["containerDefinitions"][0]["imge"] = "r:2";
  EXPECT_THAT(problems(), HasSubstr("containerDefinitions[web].memory: expected an integer, found a string"));
  EXPECT_THAT(told(),
              HasSubstr("? containerDefinitions[web].imge: ECS knows no such name; did you mean image?"));
}

TEST_F(PreflightTest, HoldsImagesAgainstThePlatform) {
  facts_.definition["runtimePlatform"] = {{"cpuArchitecture", "ARM64"}};
  EXPECT_THAT(problems(), HasSubstr("r:1 is for linux/amd64, and the tasks run on linux/arm64"));
}

TEST_F(PreflightTest, HoldsRolesAgainstTrustAndPassing) {
  facts_.roles[0].trust_policy =
      Json{{"Statement", {{{"Effect", "Allow"}, {"Principal", {{"Service", "ec2.amazonaws.com"}}}}}}};
  facts_.roles[0].may_be_passed = false;
  EXPECT_THAT(problems(), HasSubstr("does not trust ecs-tasks.amazonaws.com"));
  EXPECT_THAT(problems(), HasSubstr("may not pass arn:aws:iam::1:role/E"));
}

TEST_F(PreflightTest, HoldsSecretsAgainstTheExecutionRole) {
  facts_.secrets[0].may_be_read = false;
  EXPECT_THAT(problems(), HasSubstr("the execution role may not read arn:secret"));
  facts_.secrets[0].found = base::make_error(base::ErrorKind::not_found, "the secret has no JSON key 'url'");
  EXPECT_THAT(problems(), HasSubstr("the secret has no JSON key 'url'; no task would start"));
}

TEST_F(PreflightTest, HoldsPortsAndTypesAgainstTheTargetGroup) {
  facts_.target_groups[0].attachment.port = 9000;
  group().type = "instance";
  group().load_balancers = 0;
  EXPECT_THAT(problems(), HasSubstr("requests to port 9000, and container web maps only 8000"));
  EXPECT_THAT(problems(), HasSubstr("make a target group of type ip"));
  EXPECT_THAT(problems(), HasSubstr("no listener forwards to target group items"));
  facts_.target_groups[0].attachment.container = "api";
  EXPECT_THAT(problems(), HasSubstr("container api, which the task definition has not"));
}

TEST_F(PreflightTest, HoldsSubnetsAgainstTheTargetGroupAndTheirRoom) {
  group().vpc = "vpc-2";
  EXPECT_THAT(problems(), HasSubstr("subnet-1 is in vpc-1, and target group items in vpc-2"));
  group().vpc = "vpc-1";
  facts_.subnets = std::vector<Subnet>{{"subnet-1", "vpc-1", 1}};
  EXPECT_THAT(problems(), HasSubstr("1 addresses are free, and up to 2 new tasks start at once"));
}

TEST_F(PreflightTest, LooksAtTheHealthCheck) {
  group().health_path = "health";
  EXPECT_THAT(problems(), HasSubstr("does not start with '/'"));
  group().health_path = "/health";
  facts_.target_groups[0].targets =
      std::vector<TargetHealth>{{"10.0.0.1:8000", "unhealthy", "Target.ResponseCodeMismatch",
                                 "Health checks failed with these codes: [404]"}};
  EXPECT_THAT(problems(),
              HasSubstr("no target passes /health now: Health checks failed with these codes: [404]"));
}

TEST_F(PreflightTest, ProvesThatARolloutCannotEnd) {
  facts_.plan.desired = facts_.plan.least_healthy = facts_.plan.most_running = 1;
  EXPECT_THAT(problems(), HasSubstr("this deployment can never end"));
}

TEST_F(PreflightTest, FindsLimitsOfTimeThatContradictEachOther) {
  facts_.patience = std::chrono::seconds(120);
  facts_.credentials_left = std::chrono::seconds(60);
  EXPECT_THAT(problems(), HasSubstr("draining and stopping alone take 360 s"));
  EXPECT_THAT(problems(), HasSubstr("they expire in 60 s, and the wait may take 120 s"));
  facts_.service.health_check_grace_seconds = 0;
  EXPECT_THAT(told(), HasSubstr("? grace period: a task that is not ready after 60 s is stopped"));
}

TEST_F(PreflightTest, WarnsOfARollbackImageThatWillExpire) {
  facts_.rollback_images.push_back({"r:0", 2});
  EXPECT_THAT(problems(), HasSubstr("rule 2 of the repository's lifecycle policy will expire r:0"));
}

TEST_F(PreflightTest, ShowsWhatOthersChanged) {
  Json running = facts_.definition;
  running["cpu"] = "256";
  Json latest = running;
  latest["cpu"] = "512";
  latest["taskDefinitionArn"] = "arn:x/items:7";
  facts_.definition["cpu"] = "256";
  facts_.running = running;
  facts_.latest = latest;
  EXPECT_THAT(told(), HasSubstr(R"(somebody registered items:7 and did not deploy it: cpu: "256" → "512")"));
  EXPECT_THAT(told(), HasSubstr("the file takes back what another writer changed: cpu"));
  EXPECT_THAT(told(), HasSubstr("the file is what runs"));
}

TEST(DefinitionDiff, ComparesByNameAndHidesVariables) {
  const Json from = {
      {"containerDefinitions",
       {{{"name", "a"}, {"image", "i:1"}, {"environment", {{{"name", "K"}, {"value", "secret"}}}}},
        {{"name", "b"}, {"essential", true}}}},
      {"revision", 3}};
  const Json to = {
      {"containerDefinitions",
       {{{"name", "b"}},
        {{"name", "a"}, {"image", "i:2"}, {"environment", {{{"name", "K"}, {"value", "new"}}}}}}}};
  const auto found = differences(from, to);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(to_string(found[0]), "containerDefinitions[a].environment[K].value: … → …");
  EXPECT_EQ(to_string(found[1]), R"(containerDefinitions[a].image: "i:1" → "i:2")");
}

TEST(LifecyclePolicy, ExpiresByCountAndAgeInOrderOfPriority) {
  const std::vector<KeptImage> images = {
      {"new", {"v3"}, 300'000}, {"old", {"v2"}, 200'000}, {"dev", {"dev-1"}, 1}};
  const Json by_count = {
      {"rules",
       {{{"rulePriority", 2},
         {"selection", {{"tagStatus", "any"}, {"countType", "imageCountMoreThan"}, {"countNumber", 2}}}},
        {{"rulePriority", 1},
         {"selection",
          {{"tagStatus", "tagged"},
           {"tagPrefixList", {"dev-"}},
           {"countType", "sinceImagePushed"},
           {"countNumber", 1}}}}}}};
  EXPECT_EQ(expiring_rule(by_count, images, "new", 400'000), 0);
  EXPECT_EQ(expiring_rule(by_count, images, "old", 400'000), 2) << "the next push makes three";
  EXPECT_EQ(expiring_rule(by_count, images, "dev", 400'000), 1);
  EXPECT_EQ(expiring_rule(by_count, images, "dev", 1000), 0) << "the first rule that selects it decides";
}

TEST(EcrReference, IsTakenApart) {
  const auto found = read_ecr_reference("1.dkr.ecr.eu-central-1.amazonaws.com/team/app:v1@sha256:a");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->repository, "team/app");
  EXPECT_EQ(found->tag, "v1");
  EXPECT_EQ(found->digest, "sha256:a");
  EXPECT_FALSE(read_ecr_reference("nginx:1"));
  EXPECT_FALSE(read_ecr_reference("127.0.0.1:4566/app:1"));
  EXPECT_EQ(read_ecr_reference("127.0.0.1:4566/app:1", "http://127.0.0.1:4566")->repository, "app");
}

TEST_F(PreflightTest, AnImmutableTagThatMeansAnotherImageIsFound) {
  facts_.images[0].built_digest = "sha256:a";
  EXPECT_THAT(told(),
              HasSubstr("✓ built image of web: what this machine has under that name is what is deployed"));
  facts_.images[0].built_digest = "sha256:b";
  EXPECT_THAT(problems(),
              HasSubstr("r:1 is sha256:a for good, since its tag is immutable, and this machine built "
                        "sha256:b under that name"));
  facts_.images[0].found->mutability = "MUTABLE";
  EXPECT_EQ(problems(), "");
  EXPECT_THAT(told(), HasSubstr("? built image of web: r:1 is sha256:a, and this machine has sha256:b"));
  facts_.images[0].found->members = {"sha256:b"};
  EXPECT_THAT(told(), HasSubstr("✓ built image of web")) << "one of the index's images";
}

TEST_F(PreflightTest, ATargetGroupOfTwoServicesIsFound) {
  facts_.target_groups[0].other_services = std::vector<std::string>{"web", "old"};
  EXPECT_EQ(problems(), "");
  EXPECT_THAT(told(), HasSubstr("? attachment: web, old has target group items, too"));
  facts_.service.strategy = "CANARY";
  EXPECT_THAT(problems(), HasSubstr("shifting traffic away from it would take that of web, old along"));
  facts_.target_groups[0].other_services = error_of(base::ErrorKind::denied, "AccessDeniedException");
  EXPECT_THAT(told(), HasSubstr("? attachment: could not be looked at: AccessDeniedException"));
}

TEST_F(PreflightTest, WhatARunningTaskAnswersTellsOfTheHealthCheck) {
  facts_.target_groups[0].targets = std::vector<TargetHealth>{{"10.0.0.1:8000", "initial", "", ""}};
  EXPECT_THAT(told(), HasSubstr("? health check: /health with codes 200; nothing that runs now tells"));
  facts_.target_groups[0].answer = 404;
  EXPECT_THAT(problems(),
              HasSubstr("what runs now answers /health with 404, and target group items expects 200"));
  group().matcher = "200,400-404";
  EXPECT_THAT(told(), HasSubstr("✓ health check: what runs now answers /health with 404"));
  facts_.target_groups[0].answer =
      base::Result<int>(base::make_error(base::ErrorKind::unavailable, "timeout"));
  EXPECT_THAT(told(), HasSubstr("? health check: could not be looked at: timeout"));
}

}  // namespace
}  // namespace ecs
