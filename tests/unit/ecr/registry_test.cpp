#include "ecr/registry.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "base/process.h"
#include "ecr/pull.h"
#include "ecr/registry_auth.h"
#include "tests/unit/ecr/debian_registry.h"
#include "tests/unit/ecr/registry_fixture.h"

namespace ecr {
namespace {

using testing::HasSubstr;

class DebianRegistryTest : public RegistryTest {
 protected:
  void start(const std::string& htpasswd = "") {
    registry_ = DebianRegistry::start(folder(), htpasswd);
    if (registry_) name_ = registry_->host() + "/team/app:v1";
  }
  std::unique_ptr<DebianRegistry> registry_;
  std::string name_;
};

#define START(...)    \
  start(__VA_ARGS__); \
  ASSERT_TRUE(registry_) << "docker-registry is not installed"

TEST_F(DebianRegistryTest, TakesAnImageAndGivesTheSameBack) {
  START();
  const auto image = make_image(name_);
  const auto pushed = take(push_image(name_));
  EXPECT_EQ(pushed.digest, image.digest);
  EXPECT_EQ(pushed.blobs_uploaded, 3);

  auto other = take(ImageStore::open(folder() / "other"));
  const auto pulled = take(pull(take(parse_image_reference(name_)), other, {.registry = options_}));
  EXPECT_EQ(pulled.digest, image.digest);
  const auto config = take(other.image(name_)).config;
  EXPECT_EQ(config.env_value("A"), "1");
  const auto trees = take(other.unpack(take(other.image(name_)).manifest));
  EXPECT_EQ(take(base::read_file(trees.at(1) / "file")), "one");
  // By digest, too.
  const auto by_digest = registry_->host() + "/team/app@" + image.digest.to_string();
  EXPECT_EQ(take(pull(take(parse_image_reference(by_digest)), other, {.registry = options_})).digest,
            image.digest);
}

TEST_F(DebianRegistryTest, IsSentOnlyWhatItDoesNotHave) {
  START();
  make_image(name_);
  take(push_image(name_));
  const auto again = take(push_image(name_));
  EXPECT_EQ(again.blobs_uploaded, 0);
  EXPECT_EQ(again.bytes_uploaded, 0U);
  const auto tag2 = registry_->host() + "/team/app:v2";
  take(store().tag(tag2, take(store().resolve(name_))));
  EXPECT_EQ(take(push_image(tag2)).blobs_uploaded, 0);
  // Another repository mounts what the first one has.
  const auto elsewhere = registry_->host() + "/team/other:v1";
  take(store().tag(elsewhere, take(store().resolve(name_))));
  auto plan = take(plan_push(store(), elsewhere, take(parse_image_reference(elsewhere))));
  plan.mount_from = {"team/app"};
  const auto mounted = take(push(plan, store(), options_));
  EXPECT_EQ(mounted.blobs_uploaded, 0);
  EXPECT_EQ(mounted.blobs_present, 3);
}

TEST_F(DebianRegistryTest, AsksForCredentialsAndTakesTheRightOnes) {
  const auto users = write(
      "htpasswd", "ci:$2b$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW\n");  // "open sesame"
  START(users.string());
  make_image(name_);
  const auto refused = push_image(name_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, base::ErrorKind::denied);
  EXPECT_THAT(refused.error().to_string(), HasSubstr("log in to the registry first"));
  options_.credentials[registry_->host()] = {"ci", "wrong"};
  EXPECT_FALSE(push_image(name_).ok());
  options_.credentials[registry_->host()] = {"ci", "open sesame"};
  EXPECT_EQ(take(push_image(name_)).blobs_uploaded, 3);
}

TEST_F(DebianRegistryTest, HoldsImagesThatSkopeoReadsAndWrites) {
  START();
  ASSERT_TRUE(base::find_program("skopeo")) << "skopeo is not installed";
  const auto image = make_image(name_);
  take(push_image(name_));
  const auto inspected =
      take(base::run_process({.argv = {"skopeo", "inspect", "--tls-verify=false", "docker://" + name_}}));
  ASSERT_EQ(inspected.exit_code, 0) << inspected.output;
  const auto json = take(base::parse_json(inspected.output));
  EXPECT_EQ(base::json_string(json, "Digest"), image.digest.to_string());
  EXPECT_EQ(base::json_member(json, "Layers").size(), 2U);

  const auto copy = registry_->host() + "/copied/app:v1";
  const auto copied =
      take(base::run_process({.argv = {"skopeo", "copy", "--src-tls-verify=false", "--dest-tls-verify=false",
                                       "--format=v2s2", "docker://" + name_, "docker://" + copy}}));
  ASSERT_EQ(copied.exit_code, 0) << copied.output;
  auto other = take(ImageStore::open(folder() / "other"));
  take(pull(take(parse_image_reference(copy)), other, {.registry = options_}));
  const auto manifest = take(other.image(copy)).manifest;
  EXPECT_EQ(manifest.media_type, media_type::kDockerManifest);
  EXPECT_EQ(take(other.unpack(manifest)).size(), 2U);
}

TEST_F(DebianRegistryTest, SaysWhatIsMissing) {
  START();
  const auto pulled = pull(take(parse_image_reference(name_)), store(), {.registry = options_});
  ASSERT_FALSE(pulled.ok());
  EXPECT_EQ(pulled.error().kind, base::ErrorKind::not_found);
  EXPECT_THAT(pulled.error().to_string(), HasSubstr("while pulling " + name_));
}

TEST(AuthChallenge, IsReadWithItsQuotes) {
  const auto challenge =
      parse_challenge(R"(Bearer realm="https://a.test/token?x=1,2", service=reg, scope="a:b:pull,push")");
  EXPECT_EQ(challenge.scheme, "bearer");
  EXPECT_EQ(challenge.values.at("realm"), "https://a.test/token?x=1,2");
  EXPECT_EQ(challenge.values.at("service"), "reg");
  EXPECT_EQ(challenge.values.at("scope"), "a:b:pull,push");
  for (const char* odd : {"", "Basic", "Bearer realm", "Bearer realm=\"", "Bearer ,,,=", "x y=\"\\"})
    (void)parse_challenge(odd);
}

TEST(RegistryEndpoints, StandInForHosts) {
  RegistryOptions options{.endpoints = {{"*.dkr.ecr.*.amazonaws.com", "http://127.0.0.1:4566/"}}};
  EXPECT_EQ(registry_base_url(options, "123456789012.dkr.ecr.eu-west-1.amazonaws.com"),
            "http://127.0.0.1:4566");
  EXPECT_EQ(registry_base_url(options, "docker.io"), "https://registry-1.docker.io");
  EXPECT_EQ(registry_base_url(options, "localhost:5000"), "http://localhost:5000");
  EXPECT_EQ(registry_base_url(options, "ghcr.io"), "https://ghcr.io");
}

}  // namespace
}  // namespace ecr
