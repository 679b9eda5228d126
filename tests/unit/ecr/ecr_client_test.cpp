#include "ecr/ecr_client.h"

#include <gmock/gmock.h>

#include "aws/client.h"
#include "base/crypto.h"
#include "base/json.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_http_client.h"

namespace ecr {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class EcrClient : public testing::Test {
 protected:
  aws::Client make() {
    aws::ClientOptions options;
    options.http = &http_;
    options.clock = &clock_;
    options.region = "eu-central-1";
    options.credentials = aws::Credentials{"AKIA1", "secret", "", {}};
    return aws::Client(std::move(options));
  }
  std::string sent() { return http_.requests().back().body; }

  fakes::FakeHttpClient http_;
  fakes::FakeClock clock_;
  aws::Client client_ = make();
};

TEST_F(EcrClient, DividesTheTokenIntoNameAndPassword) {
  http_.will_answer(200, R"({"authorizationData":[{"authorizationToken":")" + base::base64_encode("AWS:a:b") +
                             R"(","proxyEndpoint":"https://1.dkr.ecr.eu-central-1.amazonaws.com/"}]})");
  const auto token = get_authorization_token(client_);
  ASSERT_TRUE(token) << token.error().to_string();
  EXPECT_EQ(token->credentials.username, "AWS");
  EXPECT_EQ(token->credentials.password, "a:b");
  EXPECT_EQ(token->host, "1.dkr.ecr.eu-central-1.amazonaws.com");
  EXPECT_EQ(sent(), "{}");
}

TEST_F(EcrClient, FindsARepositoryOrNothing) {
  http_.will_answer(200, R"({"repositories":[{"repositoryName":"items","repositoryUri":"h/items",)"
                         R"("registryId":"1","imageTagMutability":"IMMUTABLE"}]})");
  const auto found = describe_repository(client_, "items");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->uri, "h/items");
  EXPECT_EQ((*found)->tag_mutability, "IMMUTABLE");
  EXPECT_EQ(sent(), R"({"repositoryNames":["items"]})");
  http_.will_answer(400, R"({"__type":"RepositoryNotFoundException","message":"no"})");
  const auto missing = describe_repository(client_, "items");
  ASSERT_TRUE(missing);
  EXPECT_FALSE(*missing);
}

TEST_F(EcrClient, ARefusalIsNotTakenForAbsence) {
  http_.will_answer(400, R"({"__type":"AccessDeniedException","message":"not for you"})");
  const auto found = describe_repository(client_, "items");
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().to_string(), HasSubstr("not for you"));
}

TEST_F(EcrClient, MakesARepository) {
  http_.will_answer(200, R"({"repository":{"repositoryName":"new","repositoryArn":"arn:r"}})");
  const auto made = create_repository(client_, "new");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->arn, "arn:r");
  EXPECT_EQ(sent(), R"({"repositoryName":"new"})");
}

TEST_F(EcrClient, FindsAnImageByTagOrDigest) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  http_.will_answer(200, R"({"imageDetails":[{"imageDigest":")" + digest +
                             R"(","imageTags":["v1","v2"],"imageSizeInBytes":42}]})");
  const auto found = describe_image(client_, "items", "v1");
  ASSERT_TRUE(found && *found);
  EXPECT_THAT((*found)->tags, ElementsAre("v1", "v2"));
  EXPECT_EQ((*found)->size, 42U);
  EXPECT_EQ(sent(), R"({"repositoryName":"items","imageIds":[{"imageTag":"v1"}]})");
  http_.will_answer(400, R"({"__type":"ImageNotFoundException","message":"no"})");
  const auto missing = describe_image(client_, "items", digest);
  ASSERT_TRUE(missing);
  EXPECT_FALSE(*missing);
  EXPECT_EQ(sent(), R"({"repositoryName":"items","imageIds":[{"imageDigest":")" + digest + R"("}]})");
}

}  // namespace
}  // namespace ecr
