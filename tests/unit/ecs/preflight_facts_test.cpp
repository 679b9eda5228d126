#include "ecs/preflight_facts.h"

#include "ecs/secret_facts.h"
#include "tests/unit/ecs/ecs_fixture.h"

namespace ecs {
namespace {

using base::Json;
using testing::HasSubstr;

constexpr const char* kSecret = "arn:aws:secretsmanager:eu-central-1:1:secret:db-AbCdEf";

class PreflightFactsTest : public EcsFixture {
 protected:
  PreflightFactsTest() {
    request_.service.name = "items";
    request_.definition = {
        {"family", "items"},
        {"executionRoleArn", "arn:aws:iam::1:role/E"},
        {"containerDefinitions",
         {{{"name", "web"},
           {"image", "1.dkr.ecr.eu-central-1.amazonaws.com/items:v1"},
           {"secrets", {{{"name", "URL"}, {"valueFrom", std::string(kSecret) + ":url::"}}}},
           {"logConfiguration",
            {{"logDriver", "awslogs"}, {"options", {{"awslogs-group", "/ecs/items"}}}}}}}}};
  }
  static fakes::FakeHttpClient::Answer xml(const std::string& action, const std::string& result) {
    return base::HttpResponse{200,
                              {},
                              "<" + action + "Response><" + action + "Result>" + result + "</" + action +
                                  "Result></" + action + "Response>"};
  }
  PreflightFacts gather() {
    aws::Client client = make_client();
    return gather_facts(client, request_);
  }

  PreflightRequest request_;
};

TEST_F(PreflightFactsTest, AreUnknownWhereAwsRefuses) {
  const auto facts = gather();
  ASSERT_EQ(facts.images.size(), 1U);
  EXPECT_EQ(facts.images[0].found.error().code, "AccessDeniedException");
  EXPECT_FALSE(facts.roles.at(0).trust_policy);
  EXPECT_FALSE(facts.secrets.at(0).found);
  EXPECT_FALSE(facts.log_groups.at(0).exists);
}

TEST_F(PreflightFactsTest, FindImagesWithTheirPlatforms) {
  will_answer(
      "BatchGetImage",
      {{"images",
        {{{"imageId", {{"imageDigest", "sha256:a"}}},
          {"imageManifest",
           R"({"manifests":[{"platform":{"os":"linux","architecture":"arm64"}},{"platform":{"os":"unknown"}}]})"}}}}});
  will_answer("DescribeRepositories", {{"repositories", {{{"imageTagMutability", "IMMUTABLE"}}}}});
  const auto facts = gather();
  ASSERT_TRUE(facts.images[0].found);
  EXPECT_EQ(facts.images[0].found->digest, "sha256:a");
  EXPECT_THAT(facts.images[0].found->platforms, testing::ElementsAre("linux/arm64"));
  EXPECT_EQ(facts.images[0].found->mutability, "IMMUTABLE");
  EXPECT_EQ(sent("BatchGetImage").at(0)["imageIds"][0]["imageTag"], "v1");
}

TEST_F(PreflightFactsTest, AskIamAsWhoeverDeploys) {
  will_answer(
      "GetCallerIdentity",
      xml("GetCallerIdentity",
          "<Account>1</Account><Arn>arn:aws:sts::1:assumed-role/Deploy/session</Arn><UserId>u</UserId>"));
  will_answer("GetRole", xml("GetRole",
                             "<Role><AssumeRolePolicyDocument>%7B%22Statement%22%3A%5B%5D%7D"
                             "</AssumeRolePolicyDocument></Role>"));
  will_answer("SimulatePrincipalPolicy", xml("SimulatePrincipalPolicy",
                                             "<EvaluationResults><member><EvalDecision>implicitDeny</"
                                             "EvalDecision></member></EvaluationResults>"));
  const auto facts = gather();
  ASSERT_TRUE(facts.roles.at(0).trust_policy);
  EXPECT_TRUE(facts.roles[0].trust_policy->contains("Statement"));
  ASSERT_TRUE(facts.roles[0].may_be_passed);
  EXPECT_FALSE(*facts.roles[0].may_be_passed);
  bool asked = false;
  for (const auto& request : http_.requests())
    asked |= request.body.find("PolicySourceArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2FDeploy") != std::string::npos;
  EXPECT_TRUE(asked);
}

TEST_F(PreflightFactsTest, ASecretIsLookedIntoForItsKeyOnly) {
  will_answer("GetSecretValue", {{"SecretString", R"({"password":"hunter2"})"}});
  aws::Client client = make_client();
  const auto found = look_for_secret(client, std::string(kSecret) + ":url::");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message, "the secret has no JSON key 'url'");
  EXPECT_TRUE(look_for_secret(client, std::string(kSecret) + ":password::"));
  EXPECT_EQ(sent("GetSecretValue").at(0), (Json{{"SecretId", kSecret}}));
}

TEST_F(PreflightFactsTest, AParameterThatIsListedAsInvalidIsMissing) {
  will_answer("GetParameters", {{"Parameters", Json::array()}, {"InvalidParameters", {"/app/url"}}});
  aws::Client client = make_client();
  const auto found = look_for_secret(client, "arn:aws:ssm:eu-central-1:1:parameter/app/url");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, base::ErrorKind::not_found);
  EXPECT_EQ(sent("GetParameters").at(0)["Names"][0], "/app/url");
}

TEST_F(PreflightFactsTest, SubnetsComeFromEc2) {
  request_.service.subnets = {"subnet-1"};
  will_answer(
      "DescribeSubnets",
      base::HttpResponse{200,
                         {},
                         "<DescribeSubnetsResponse xmlns=\"x\"><requestId>r</requestId><subnetSet><item>"
                         "<subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId>"
                         "<availableIpAddressCount>250</availableIpAddressCount></item></subnetSet>"
                         "</DescribeSubnetsResponse>"});
  const auto facts = gather();
  ASSERT_TRUE(facts.subnets);
  ASSERT_EQ(facts.subnets->size(), 1U);
  EXPECT_EQ(facts.subnets->at(0).free_addresses, 250);
}

TEST_F(PreflightFactsTest, AskATaskWhereTheLoadBalancerDoesNotTell) {
  request_.plan.request.cluster = "production";
  request_.service.load_balancers = {{"arn:x:targetgroup/items/1", "web", 8000}};
  will_answer("DescribeTargetGroups",
              xml("DescribeTargetGroups",
                  "<TargetGroups><member><TargetGroupName>items</TargetGroupName><TargetType>ip</TargetType>"
                  "<HealthCheckPath>/health</HealthCheckPath><HealthCheckProtocol>HTTP</HealthCheckProtocol>"
                  "<HealthCheckPort>traffic-port</HealthCheckPort><Matcher><HttpCode>200</HttpCode></Matcher>"
                  "</member></TargetGroups>"));
  will_answer("DescribeTargetHealth",
              xml("DescribeTargetHealth",
                  "<TargetHealthDescriptions><member><Target><Id>10.0.0.7</Id><Port>8000</Port></Target>"
                  "<TargetHealth><State>unused</State></TargetHealth></member></TargetHealthDescriptions>"));
  will_answer("ListServices",
              {{"serviceArns", {"arn:x:service/production/items", "arn:x:service/production/old"}}});
  const auto attached = [](const char* name) {
    return Json{{"serviceName", name},
                {"loadBalancers", {{{"targetGroupArn", "arn:x:targetgroup/items/1"}}}}};
  };
  will_answer("DescribeServices", {{"services", {attached("items"), attached("old")}}});
  will_answer("GET", base::HttpResponse{503, {}, ""});
  const auto facts = gather();
  const auto& fact = facts.target_groups.at(0);
  ASSERT_TRUE(fact.group) << fact.group.error().to_string();
  ASSERT_TRUE(fact.other_services);
  EXPECT_THAT(*fact.other_services, testing::ElementsAre("old"));
  ASSERT_TRUE(fact.answer && *fact.answer);
  EXPECT_EQ(**fact.answer, 503);
  bool asked = false;
  for (const auto& request : http_.requests()) asked |= request.url == "http://10.0.0.7:8000/health";
  EXPECT_TRUE(asked);
}

TEST_F(PreflightFactsTest, LookForWhatThisMachineBuilt) {
  will_answer("BatchGetImage",
              {{"images", {{{"imageId", {{"imageDigest", "sha256:a"}}}, {"imageManifest", "{}"}}}}});
  request_.find_built_image = [](const std::string& reference) { return "built of " + reference; };
  EXPECT_EQ(gather().images.at(0).built_digest, "built of 1.dkr.ecr.eu-central-1.amazonaws.com/items:v1");
}

TEST(FitsMatcher, KnowsListsAndRanges) {
  EXPECT_TRUE(fits_matcher(200, "200"));
  EXPECT_TRUE(fits_matcher(302, "200, 301-303"));
  EXPECT_FALSE(fits_matcher(304, "200,301-303"));
  for (const char* matcher : {"", "x", "200-", "-"}) EXPECT_FALSE(fits_matcher(500, matcher)) << matcher;
}

}  // namespace
}  // namespace ecs
