#include "emulator/ecr_service.h"

#include <gtest/gtest.h>

#include "base/crypto.h"
#include "emulator/registry_routes.h"
#include "tests/fakes/fake_clock.h"

namespace emulator {
namespace {

/// A repository `items`, its API and its registry, over a store in a temporary folder.
class EcrServiceTest : public testing::Test {
 protected:
  EcrServiceTest()
      : folder_(*base::TempDir::create("ecr-test")),
        store_(*ecr::ImageStore::open(folder_.path() / "images")),
        tokens_(clock_),
        repositories_(open()),
        registry_(
            *repositories_,
            {.principal_of = [this](const std::string& password) { return tokens_.principal_of(password); }}),
        table_(make_ecr_service(*repositories_, tokens_, clock_, "127.0.0.1:4566")) {
    (void)repositories_->create("items", false, false);
    (void)repositories_->create("fixed", true, false);
  }

  std::unique_ptr<Repositories> open() {
    return *Repositories::open(folder_.path() / "repositories.json", store_, clock_, "123456789012",
                               "eu-central-1");
  }

  ApiResult call(const std::string& operation, base::Json input = base::Json::object()) {
    return table_.operations.at(operation)({.operation = operation, .input = std::move(input)});
  }
  static std::string code_of(const ApiResult& result) {
    const auto* failed = std::get_if<ApiFailure>(&result);
    return failed == nullptr ? "" : failed->code;
  }

  std::string password() {
    const auto data = std::get<base::Json>(call("GetAuthorizationToken"))["authorizationData"][0];
    return base::base64_decode(base::json_string(data, "authorizationToken"))->substr(4);
  }

  base::ServerResponse send(const std::string& method, const std::string& path, std::string body = "",
                            const std::string& query = "", const std::string& type = "") {
    base::ServerRequest request;
    request.method = method;
    request.path = path;
    request.query = query;
    request.headers.emplace("Authorization", "Basic " + base::base64_encode("AWS:" + password()));
    if (!type.empty()) request.headers.emplace("Content-Type", type);
    request.read_body = [body](const std::function<bool(std::string_view)>& sink) -> base::Result<void> {
      sink(body);
      return {};
    };
    return registry_.answer(request);
  }

  /// Pushes an image of one config and no layers; its digest.
  std::string push(const std::string& repository, const std::string& tag, const std::string& content) {
    const auto digest = ecr::Digest::of(content).to_string();
    EXPECT_EQ(send("POST", "/v2/" + repository + "/blobs/uploads/", content, "digest=" + digest).status, 201);
    const base::Json manifest = {
        {"schemaVersion", 2},
        {"mediaType", ecr::media_type::kOciManifest},
        {"config",
         {{"mediaType", ecr::media_type::kOciConfig}, {"digest", digest}, {"size", content.size()}}},
        {"layers", base::Json::array()}};
    const auto text = base::to_text(manifest);
    last_status_ =
        send("PUT", "/v2/" + repository + "/manifests/" + tag, text, "", ecr::media_type::kOciManifest)
            .status;
    return ecr::Digest::of(text).to_string();
  }

  fakes::FakeClock clock_;
  base::TempDir folder_;
  ecr::ImageStore store_;
  RegistryTokens tokens_;
  std::unique_ptr<Repositories> repositories_;
  RegistryRoutes registry_;
  ServiceTable table_;
  int last_status_ = 0;
};

TEST_F(EcrServiceTest, ShowsThroughTheApiWhatWasPushedToTheRegistry) {
  const auto digest = push("items", "v1", "{\"a\":1}");
  EXPECT_EQ(last_status_, 201);
  const auto images =
      std::get<base::Json>(call("DescribeImages", {{"repositoryName", "items"}}))["imageDetails"];
  ASSERT_EQ(images.size(), 1U);
  EXPECT_EQ(base::json_string(images[0], "imageDigest"), digest);
  EXPECT_EQ(images[0]["imageTags"], base::Json::array({"v1"}));
  const auto got = send("GET", "/v2/items/manifests/v1");
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(ecr::Digest::of(got.body).to_string(), digest);
  EXPECT_NE(send("GET", "/v2/items/tags/list").body.find("v1"), std::string::npos);
}

TEST_F(EcrServiceTest, MovesATagUnlessTagsAreImmutable) {
  (void)push("items", "v1", "{\"a\":1}");
  const auto second = push("items", "v1", "{\"a\":2}");
  EXPECT_EQ(last_status_, 201);
  EXPECT_EQ(repositories_->resolve("items", "v1"), second);
  const auto first = push("fixed", "v1", "{\"a\":1}");
  EXPECT_EQ(last_status_, 201);
  (void)push("fixed", "v1", "{\"a\":2}");
  EXPECT_EQ(last_status_, 400);
  EXPECT_EQ(repositories_->resolve("fixed", "v1"), first);
}

TEST_F(EcrServiceTest, TakesNoManifestWhoseBlobsWereNotPushed) {
  const base::Json manifest = {
      {"schemaVersion", 2},
      {"config", {{"digest", ecr::Digest::of("never pushed").to_string()}, {"size", 1}}}};
  EXPECT_EQ(send("PUT", "/v2/items/manifests/v1", base::to_text(manifest)).status, 404);
  EXPECT_EQ(send("PUT", "/v2/items/manifests/v1", "no json").status, 400);
  EXPECT_EQ(
      code_of(call("PutImage", {{"repositoryName", "items"}, {"imageManifest", base::to_text(manifest)}})),
      "LayersNotFoundException");
}

TEST_F(EcrServiceTest, TakesNoBlobUnderADigestThatIsNotIts) {
  const auto digest = ecr::Digest::of("one thing").to_string();
  EXPECT_EQ(send("POST", "/v2/items/blobs/uploads/", "another", "digest=" + digest).status, 400);
  EXPECT_EQ(send("HEAD", "/v2/items/blobs/" + digest).status, 404);
}

TEST_F(EcrServiceTest, NamesWhatIsMissingAsAwsDoes) {
  EXPECT_EQ(code_of(call("DescribeImages", {{"repositoryName", "none"}})), "RepositoryNotFoundException");
  EXPECT_EQ(code_of(call("DescribeImages", {{"repositoryName", "items"},
                                            {"imageIds", base::Json::array({{{"imageTag", "no"}}})}})),
            "ImageNotFoundException");
  EXPECT_EQ(code_of(call("CreateRepository", {{"repositoryName", "items"}})),
            "RepositoryAlreadyExistsException");
  EXPECT_EQ(code_of(call("CreateRepository", {{"repositoryName", "No/Upper"}})), "InvalidParameterException");
  EXPECT_EQ(send("GET", "/v2/none/manifests/v1").status, 404);
}

TEST_F(EcrServiceTest, KeepsRepositoriesOverARestart) {
  const auto digest = push("items", "v1", "{\"a\":1}");
  const auto again = open();
  EXPECT_EQ(again->resolve("items", "v1"), digest);
  EXPECT_TRUE(again->find("fixed")->immutable_tags);
}

TEST_F(EcrServiceTest, DeletesImagesAndEmptyRepositoriesOnly) {
  const auto digest = push("items", "v1", "{\"a\":1}");
  EXPECT_EQ(code_of(call("DeleteRepository", {{"repositoryName", "items"}})), "RepositoryNotEmptyException");
  (void)call("BatchDeleteImage",
             {{"repositoryName", "items"}, {"imageIds", base::Json::array({{{"imageDigest", digest}}})}});
  EXPECT_FALSE(repositories_->resolve("items", "v1"));
  EXPECT_EQ(code_of(call("DeleteRepository", {{"repositoryName", "items"}})), "");
}

TEST_F(EcrServiceTest, ForgetsPasswordsAfterTwelveHours) {
  const auto good = password();
  EXPECT_TRUE(tokens_.principal_of(good));
  EXPECT_FALSE(tokens_.principal_of("guess"));
  clock_.advance(std::chrono::hours(13));
  EXPECT_FALSE(tokens_.principal_of(good));
}

TEST_F(EcrServiceTest, AsksTheRegistrysClientsWhoTheyAre) {
  base::ServerRequest request;
  request.method = "GET";
  request.path = "/v2/";
  const auto answer = registry_.answer(request);
  EXPECT_EQ(answer.status, 401);
  EXPECT_TRUE(base::header_value(answer.headers, "WWW-Authenticate"));
}

}  // namespace
}  // namespace emulator
