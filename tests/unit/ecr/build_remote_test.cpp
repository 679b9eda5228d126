#include <gmock/gmock.h>

#include "base/crypto.h"
#include "tests/fakes/fake_http_client.h"
#include "tests/unit/ecr/build_fixture.h"

namespace ecr {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// ADD of what is on other machines.
class BuildRemoteTest : public BuildTest {
 protected:
  Change online() {
    return [this](BuildOptions& options) { options.remote.http = &http_; };
  }
  fakes::FakeHttpClient http_;
};

TEST_F(BuildRemoteTest, AddsAFileOfAServerWithItsTimeAndAModeOfItsOwn) {
  http_.will_answer(200, "content", {{"Last-Modified", "Tue, 14 Nov 2023 22:13:20 GMT"}});
  const auto image = build("FROM scratch\nADD https://files.test/a/tool.bin?x=1 /opt/\n", online());
  EXPECT_THAT(last_layer(image), Contains("opt/tool.bin file 600 0:0 \"content\""));
  EXPECT_EQ(http_.requests().at(0).url, "https://files.test/a/tool.bin?x=1");

  http_.will_answer(200, "content");
  build("FROM scratch\nADD https://files.test/a/tool.bin?x=1 /opt/\n", online());
  EXPECT_EQ(built_.steps_cached, 1) << "the same content is the same layer";
  http_.will_answer(200, "other");
  const auto named =
      build("FROM scratch\nADD --chmod=755 --chown=5:6 https://files.test/tool /opt/mine\n", online());
  EXPECT_THAT(last_layer(named), Contains("opt/mine file 755 5:6 \"other\""));
}

TEST_F(BuildRemoteTest, HoldsAFileAgainstItsChecksum) {
  const auto dockerfile =
      "FROM scratch\n\nADD --checksum=sha256:" + base::sha256_hex("right") + " http://files.test/x /x\n";
  http_.will_answer(200, "right");
  build(dockerfile, online());
  http_.will_answer(200, "wrong");
  EXPECT_THAT(failure(dockerfile, online()),
              AllOf(StartsWith("Dockerfile:3:1: "), HasSubstr("digest mismatch")));
  EXPECT_THAT(failure("FROM scratch\nADD --checksum=sha256:1 http://files.test/x /x\n", online()),
              HasSubstr("--checksum"));
  add("x", "local");
  EXPECT_THAT(failure("FROM scratch\nADD --checksum=sha256:" + base::sha256_hex("x") + " x /x\n", online()),
              HasSubstr("for one source that is a URL"));
}

TEST_F(BuildRemoteTest, FollowsRedirectsOnlyWhereThePolicyAllowsThem) {
  const auto dockerfile = "FROM scratch\nADD https://a.test/x /x\n";
  http_.will_answer(302, "", {{"Location", "https://b.test/y"}});
  http_.will_answer(200, "there");
  EXPECT_THAT(last_layer(build(dockerfile, online())), ElementsAre("x file 600 0:0 \"there\""));
  EXPECT_EQ(http_.requests().back().url, "https://b.test/y");

  http_.will_answer(302, "", {{"Location", "//b.test/y"}});
  EXPECT_THAT(failure(dockerfile,
                      [this](BuildOptions& options) {
                        options.remote.http = &http_;
                        options.remote.why_no_connection = [](const std::string& host, std::uint16_t) {
                          return host == "b.test" ? "b.test is not on the list" : "";
                        };
                      }),
              HasSubstr("b.test is not on the list"));
  EXPECT_TRUE(http_.all_answers_used());
}

TEST_F(BuildRemoteTest, SaysWhatItCannotFetch) {
  EXPECT_THAT(failure("FROM scratch\nADD https://a.test/x /x\n"), HasSubstr("this build has no network"));
  http_.will_answer(404, "no");
  EXPECT_THAT(failure("FROM scratch\nADD https://a.test/x /x\n", online()),
              HasSubstr("the server answered 404"));
  EXPECT_THAT(failure("FROM scratch\nADD git@a.test:x/y.git /x\n", online()),
              HasSubstr("http:// and https:// only"));
  EXPECT_THAT(failure("FROM scratch\nADD --keep-git-dir=true https://a.test/y.git /x\n", online()),
              HasSubstr("--keep-git-dir"));
  EXPECT_THAT(failure("FROM scratch\nCOPY https://a.test/x /x\n", online()),
              HasSubstr("source can't be a URL for COPY"));
}

TEST(RemoteSource, ReadsPlacesInGitRepositories) {
  EXPECT_EQ(remote_kind("https://a.test/x.git"), RemoteKind::git);
  EXPECT_EQ(remote_kind("https://a.test/x.git#v1:sub"), RemoteKind::git);
  EXPECT_EQ(remote_kind("https://a.test/x.gitx"), RemoteKind::url);
  EXPECT_EQ(remote_kind("a/x.git"), RemoteKind::none);
  const auto place = parse_git_place("https://a.test/x.git#v1:sub/folder");
  ASSERT_TRUE(place.ok());
  EXPECT_EQ(place->reference, "v1");
  EXPECT_EQ(place->folder, "sub/folder");
  const auto query = parse_git_place("https://a.test/x.git?tag=v2&subdir=d&checksum=abc");
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query->reference, "refs/tags/v2");
  EXPECT_EQ(query->folder, "d");
  EXPECT_EQ(query->commit, "abc");
  EXPECT_FALSE(parse_git_place("https://a.test/x.git#:../..").ok());
  EXPECT_FALSE(parse_git_place("https://a.test/x.git?depth=1").ok());
}

}  // namespace
}  // namespace ecr
