#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/json.h"
#include "ecr/annotation.h"
#include "ecr/attestation.h"
#include "ecr/found_packages.h"
#include "ecr/provenance.h"
#include "ecr/spdx.h"
#include "tests/unit/ecr/build_fixture.h"

namespace ecr {
namespace {

using base::Json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// What is around images, and said about them.
class BuildIndexTest : public BuildTest {
 protected:
  Json document(const Digest& digest) { return take(base::parse_json(take(store().read_blob(digest)))); }
  Json index_of(const std::string& dockerfile, const Change& change) {
    built_ = take(try_build(dockerfile, change));
    EXPECT_EQ(built_.manifest.media_type, media_type::kOciIndex);
    EXPECT_EQ(take(store().resolve("built:1")).digest, built_.manifest.digest);
    return document(built_.manifest.digest);
  }
  Json document_named(const Json& descriptor) {
    return document(take(Digest::parse(descriptor["digest"].get<std::string>())));
  }
};

TEST_F(BuildIndexTest, HoldsAnImageForEachPlatform) {
  add("for-amd64", "a");
  add("for-s390x", "s");
  const auto index =
      index_of("FROM scratch\nARG TARGETARCH\nCOPY for-$TARGETARCH /file\n", [](BuildOptions& options) {
        options.platforms = {take(parse_platform("linux/amd64")), take(parse_platform("linux/s390x"))};
        for (const auto* text : {"org.example.all=1", "manifest[linux/s390x]:org.example.one=2",
                                 "index:org.example.index=3", "manifest-descriptor:org.example.beside=4"}) {
          for (auto& annotation : take(parse_annotation(text))) options.annotations.push_back(annotation);
        }
      });
  ASSERT_EQ(index["manifests"].size(), 2U);
  EXPECT_EQ(index["annotations"]["org.example.index"], "3");
  EXPECT_EQ(index["manifests"][1]["platform"]["architecture"], "s390x");
  EXPECT_EQ(index["manifests"][0]["annotations"]["org.example.beside"], "4");
  const auto first = document_named(index["manifests"][0]);
  const auto second = document_named(index["manifests"][1]);
  EXPECT_EQ(first["annotations"], (Json{{"org.example.all", "1"}}));
  EXPECT_EQ(second["annotations"]["org.example.one"], "2");
  EXPECT_NE(first["layers"][0]["digest"], second["layers"][0]["digest"]);
  EXPECT_EQ(document_named(second["config"])["architecture"], "s390x");
  EXPECT_THAT(failure("FROM scratch\nCOPY for-s390x /\n",
                      [](BuildOptions& options) {
                        options.platforms = {host_platform(), host_platform()};
                      }),
              HasSubstr("named twice"));
}

TEST_F(BuildIndexTest, AttestsPackagesAndOriginBesideTheImage) {
  add("status",
      "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2-1\nMaintainer: M "
      "<m@x>\n"
      "Description: shell\n more lines\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n");
  const auto index = index_of(
      "FROM shell:1\nARG SECRET\nCOPY status /var/lib/dpkg/status\nCOPY <<EOF /etc/os-release\n"
      "ID=debian\nVERSION_ID=\"12\"\nEOF\n",
      [](BuildOptions& options) {
        options.sbom = true;
        options.provenance = ProvenanceOptions{.all = false, .builder_id = "https://builder.example/1"};
        options.build_args["SECRET"] = "hidden-value";
      });
  ASSERT_EQ(index["manifests"].size(), 2U);
  const auto& image = index["manifests"][0];
  const auto& beside = index["manifests"][1];
  EXPECT_EQ(beside["platform"], (Json{{"architecture", "unknown"}, {"os", "unknown"}}));
  EXPECT_EQ(beside["annotations"]["vnd.docker.reference.type"], "attestation-manifest");
  EXPECT_EQ(beside["annotations"]["vnd.docker.reference.digest"], image["digest"]);
  const auto manifest = document_named(beside);
  EXPECT_EQ(manifest["subject"]["digest"], image["digest"]);
  ASSERT_EQ(manifest["layers"].size(), 2U);

  const auto sbom = document_named(manifest["layers"][0]);
  EXPECT_EQ(manifest["layers"][0]["annotations"]["in-toto.io/predicate-type"], kSpdxPredicate);
  EXPECT_EQ(sbom["predicateType"], kSpdxPredicate);
  EXPECT_EQ("sha256:" + sbom["subject"][0]["digest"]["sha256"].get<std::string>(), image["digest"]);
  EXPECT_THAT(sbom["subject"][0]["name"].get<std::string>(),
              StartsWith("pkg:docker/built@1?platform=linux%2F"));
  ASSERT_EQ(sbom["predicate"]["packages"].size(), 1U);
  EXPECT_EQ(sbom["predicate"]["packages"][0]["externalRefs"][0]["referenceLocator"],
            "pkg:deb/debian/bash@5.2-1?arch=amd64&distro=debian-12");

  const auto provenance = document_named(manifest["layers"][1])["predicate"];
  EXPECT_EQ(provenance["runDetails"]["builder"]["id"], "https://builder.example/1");
  const auto& base = provenance["buildDefinition"]["resolvedDependencies"][0];
  EXPECT_THAT(base["uri"].get<std::string>(), StartsWith("pkg:docker/shell@1?platform="));
  EXPECT_EQ("sha256:" + base["digest"]["sha256"].get<std::string>(),
            take(store().resolve("shell:1")).digest.to_string());
  EXPECT_THAT(base::to_text(provenance), Not(HasSubstr("hidden-value"))) << "mode=min has no values";
  // Whoever wants the image itself gets it.
  EXPECT_EQ(take(store().image("built:1")).descriptor.digest.to_string(), image["digest"]);
}

TEST_F(BuildIndexTest, SaysAllButSecretsWhenAsked) {
  const auto index =
      index_of("FROM shell:1\nARG A\nRUN --mount=type=secret,id=token true\n", [](BuildOptions& options) {
        options.provenance = ProvenanceOptions{};
        options.build_args["A"] = "shown";
        options.secrets["token"] = "never-shown";
      });
  const auto manifest = document_named(index["manifests"][1]);
  const auto text = base::to_text(document_named(manifest["layers"][0]));
  EXPECT_THAT(text, HasSubstr("\"build-arg:A\":\"shown\""));
  EXPECT_THAT(text, HasSubstr("{\"id\":\"token\"}"));
  EXPECT_THAT(text, Not(HasSubstr("never-shown")));
}

class FoundPackagesTest : public ImagesTest {};

TEST_F(FoundPackagesTest, ReadsWhatFourManagersWrote) {
  write("tree/lib/apk/db/installed",
        "C:Q1x=\nP:busybox\nV:1.36.1-r5\nA:x86_64\nL:GPL-2.0-only\nm:A B <a@b>\nF:bin\n\nP:\nV:1\n");
  write("tree/usr/lib/python3/site-packages/My_Lib-1.0.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: My_Lib\nVersion: 1.0\nLicense: MIT License\n\nName: not a field\n");
  write("tree/usr/lib/python3/old.egg-info/PKG-INFO", "Name: old\nVersion: 0.1\n");
  write("tree/srv/node_modules/left-pad/package.json",
        R"({"name":"left-pad","version":"1.3.0","license":"WTFPL"})");
  write("tree/srv/node_modules/@scope/it/package.json", R"({"name":"@scope/it","version":"2.0.0"})");
  write("tree/srv/node_modules/left-pad/test/package.json", R"({"name":"no","version":"1"})");
  write("tree/srv/node_modules/broken/package.json", "{\xff");
  write("tree/var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 12.4\nArchitecture: amd64\n");
  write("tree/etc/os-release", "ID=alpine\nVERSION_ID=3.20\n");
  const auto root = take(base::open_directory(folder() / "tree"));
  const auto found = take(find_packages(root.get()));
  std::vector<std::string> urls;
  for (const auto& package : found.packages) urls.push_back(package_url(package, found.distribution));
  EXPECT_THAT(urls, ElementsAre("pkg:deb/alpine/base-files@12.4?arch=amd64&distro=alpine-3.20",
                                "pkg:apk/alpine/busybox@1.36.1-r5?arch=x86_64&distro=alpine-3.20",
                                "pkg:pypi/my-lib@1.0", "pkg:pypi/old@0.1", "pkg:npm/%40scope/it@2.0.0",
                                "pkg:npm/left-pad@1.3.0"));
  const auto spdx = to_spdx(found, "x", "2024-01-01T00:00:00Z");
  EXPECT_EQ(spdx["packages"][1]["licenseDeclared"], "GPL-2.0-only");
  EXPECT_EQ(spdx["packages"][2]["licenseDeclared"], "NOASSERTION") << "no SPDX expression";
  EXPECT_EQ(spdx["relationships"].size(), 6U);
  EXPECT_EQ(spdx, to_spdx(found, "x", "2024-01-01T00:00:00Z"));
}

TEST_F(FoundPackagesTest, FollowsNoLinkOutOfTheImage) {
  write("outside", "Package: outside\nVersion: 1\n");
  take(base::make_directories(folder() / "tree/var/lib/dpkg"));
  std::filesystem::create_symlink(folder() / "outside", folder() / "tree/var/lib/dpkg/status");
  const auto root = take(base::open_directory(folder() / "tree"));
  EXPECT_TRUE(take(find_packages(root.get())).packages.empty());
}

TEST(Provenance, ReadsItsOptions) {
  EXPECT_FALSE(take(parse_provenance("false")));
  EXPECT_FALSE(take(parse_provenance("")));
  EXPECT_FALSE(take(parse_provenance("mode=max,disabled=true")));
  EXPECT_TRUE(take(parse_provenance("true"))->all);
  const auto options = take(parse_provenance("mode=min,builder-id=b,reproducible=true,version=v1"));
  EXPECT_FALSE(options->all);
  EXPECT_EQ(options->builder_id, "b");
  EXPECT_TRUE(options->reproducible);
  EXPECT_FALSE(parse_provenance("mode=some").ok());
  EXPECT_FALSE(parse_provenance("version=v0.2").ok());
  EXPECT_FALSE(parse_provenance("colour=red").ok());
}

TEST(Annotations, HaveLevelsAndPlatforms) {
  const auto two = take(parse_annotation("manifest,index:a.b=c:d"));
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[0].key, "a.b");
  EXPECT_EQ(two[0].value, "c:d");
  EXPECT_EQ(two[1].level, Annotation::Level::index);
  EXPECT_EQ(take(parse_annotation("urn:x=y"))[0].key, "urn:x");
  EXPECT_EQ(take(parse_annotation("manifest[linux/arm64]:k=v"))[0].platform->architecture, "arm64");
  EXPECT_FALSE(parse_annotation("no value").ok());
}

}  // namespace
}  // namespace ecr
