#include "ecr/image.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "ecr/duration.h"
#include "ecr/image_reference.h"

namespace ecr {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct ReferenceCase {
  const char* text;
  const char* full;  ///< empty when it is none
};

class ReferenceTable : public testing::TestWithParam<ReferenceCase> {};

TEST_P(ReferenceTable, HasDockersDefaults) {
  const auto parsed = parse_image_reference(GetParam().text);
  EXPECT_EQ(parsed ? parsed->to_string() : "", GetParam().full) << GetParam().text;
}

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
INSTANTIATE_TEST_SUITE_P(
    Table, ReferenceTable,
    testing::Values(ReferenceCase{"debian", "docker.io/library/debian:latest"},
                    ReferenceCase{"debian:bookworm-slim", "docker.io/library/debian:bookworm-slim"},
                    ReferenceCase{"team/app", "docker.io/team/app:latest"},
                    ReferenceCase{"index.docker.io/a", "docker.io/library/a:latest"},
                    ReferenceCase{"localhost/a", "localhost/a:latest"},
                    ReferenceCase{"localhost:5000/a:1", "localhost:5000/a:1"},
                    ReferenceCase{"reg.test/a/b/c:v_1.0-x", "reg.test/a/b/c:v_1.0-x"},
                    ReferenceCase{"a@" DIGEST, "docker.io/library/a@" DIGEST},
                    ReferenceCase{"reg.test:80/a:1@" DIGEST, "reg.test:80/a:1@" DIGEST},
                    ReferenceCase{"123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:abc",
                                  "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:abc"},
                    ReferenceCase{"a__b/c--d", "docker.io/a__b/c--d:latest"}, ReferenceCase{"", ""},
                    ReferenceCase{"A", ""}, ReferenceCase{"a:", ""}, ReferenceCase{":a", ""},
                    ReferenceCase{"a/", ""}, ReferenceCase{"/a", ""}, ReferenceCase{"a//b", ""},
                    ReferenceCase{"a..b", ""}, ReferenceCase{"a___b", ""}, ReferenceCase{"-a", ""},
                    ReferenceCase{"a b", ""}, ReferenceCase{"../a", ""}, ReferenceCase{"reg.test/../a", ""},
                    ReferenceCase{"http://reg.test/a", ""}, ReferenceCase{"reg.test:99999/a", ""},
                    ReferenceCase{"a@sha256:12", ""}, ReferenceCase{"a@md5:0123", ""},
                    ReferenceCase{"a:tag!", ""}));

TEST(Digest, IsOfOneSpellingOnly) {
  EXPECT_TRUE(Digest::parse(DIGEST).ok());
  for (const char* other : {"", "sha256:", "sha256:0123",
                            "SHA256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                            "sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
                            "sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                            "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg",
                            "sha256:../../../../etc/passwd"}) {
    EXPECT_FALSE(Digest::parse(other).ok()) << other;
  }
}

TEST(ImageConfig, KeepsWhatItDoesNotKnow) {
  const auto config = parse_image_config(
      R"({"architecture":"amd64","os":"linux","docker_version":"20","config":{"Env":["A=1"],"Domainname":"x"}})");
  ASSERT_TRUE(config.ok());
  auto changed = *config;
  changed.set_env("A", "2");
  changed.set_env("B", "3");
  const auto json = base::parse_json(to_text(changed));
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(base::json_string(*json, "docker_version"), "20");
  EXPECT_EQ(base::json_string(base::json_member(*json, "config"), "Domainname"), "x");
  EXPECT_THAT(parse_image_config(to_text(changed))->env, ElementsAre("A=2", "B=3"));
}

TEST(ImageConfig, HasNoEmptyTextsThatOthersCannotRead) {
  EXPECT_THAT(to_text(ImageConfig{.platform = host_platform()}), testing::Not(HasSubstr("\"\"")));
}

TEST(ImageConfig, ComesBackAsItWasWritten) {
  ImageConfig config{.platform = {.architecture = "arm64", .variant = "v8"},
                     .created = "2026-01-02T03:04:05Z",
                     .env = {"PATH=/bin"},
                     .entrypoint = {{"/app"}},
                     .cmd = {{"--port", "1"}},
                     .shell = {"/bin/bash", "-c"},
                     .user = "app",
                     .working_dir = "/srv",
                     .stop_signal = "SIGINT",
                     .labels = {{"a", "b"}},
                     .exposed_ports = {"80/tcp"},
                     .volumes = {"/data"},
                     .on_build = {"RUN x"},
                     .health_check = HealthCheck{{"CMD", "x"}, 1, 2, 3, 4, 5},
                     .history = {{"2026-01-02T03:04:05Z", "RUN x", "c", true}}};
  const auto read = parse_image_config(to_text(config));
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->health_check, config.health_check);
  EXPECT_EQ(read->history, config.history);
  EXPECT_EQ(read->platform, config.platform);
  EXPECT_EQ(to_text(*read), to_text(config));
}

TEST(Manifest, RefusesWhatCannotBeUnpacked) {
  const std::string blob = R"({"mediaType":"TYPE","digest":")" DIGEST R"(","size":1})";
  const auto manifest = [&](const std::string& type) {
    auto layer = blob;
    layer.replace(layer.find("TYPE"), 4, type);
    return R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":)" + blob +
           R"(,"layers":[)" + layer + "]}";
  };
  EXPECT_TRUE(parse_manifest(manifest(media_type::kOciLayerZstd)).ok());
  EXPECT_TRUE(parse_manifest(manifest(media_type::kDockerLayer)).ok());
  EXPECT_TRUE(parse_manifest(manifest("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")).ok());
  EXPECT_THAT(parse_manifest(manifest("application/vnd.cyclonedx+json")).error().message,
              HasSubstr("cannot be unpacked"));
  for (const char* text : {"", "[]", "{}", "null", R"({"config":{},"layers":[]})", R"({"fsLayers":[]})"})
    EXPECT_FALSE(parse_manifest(text).ok()) << text;
}

TEST(Manifest, RefusesABombOfLayers) {
  const std::string blob =
      R"({"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":")" DIGEST R"(","size":1})";
  std::string layers = blob;
  for (int i = 0; i < 600; ++i) layers += "," + blob;
  EXPECT_THAT(parse_manifest(R"({"config":)" + blob + R"(,"layers":[)" + layers + "]}").error().message,
              HasSubstr("601 layers; 512 is the limit"));
}

TEST(Platform, IsReadInItsShortForms) {
  EXPECT_EQ(to_string(*parse_platform("linux/arm64/v8")), "linux/arm64/v8");
  EXPECT_EQ(to_string(*parse_platform("arm64")), "linux/arm64");
  for (const char* text : {"", "/", "linux/", "a/b/c/d"}) EXPECT_FALSE(parse_platform(text).ok()) << text;
  EXPECT_TRUE(platform_fits(*parse_platform("linux/arm64"), *parse_platform("linux/arm64/v8")));
  EXPECT_FALSE(platform_fits(*parse_platform("linux/arm/v7"), *parse_platform("linux/arm/v6")));
}

TEST(GoDuration, IsReadInNanoseconds) {
  EXPECT_EQ(*parse_go_duration("1m30s"), 90'000'000'000);
  EXPECT_EQ(*parse_go_duration("500ms"), 500'000'000);
  EXPECT_EQ(*parse_go_duration("1.5h"), 5'400'000'000'000);
  EXPECT_EQ(*parse_go_duration("0"), 0);
  for (const char* text : {"", "5", "s", "-1s", "1x", "1s2", "9999999999999h"})
    EXPECT_FALSE(parse_go_duration(text).ok()) << text;
}

}  // namespace
}  // namespace ecr
