#include "base/git_remote.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "base/process.h"
#include "base/strings.h"
#include "tests/fakes/fake_http_client.h"
#include "tests/unit/base/folder_fixture.h"

namespace base {
namespace {

using testing::HasSubstr;

/// A repository that is served from its folder.
class GitRemote : public FolderTest {
 protected:
  GitRemote() {
    EXPECT_TRUE(make_directories(at("served")).ok());
    (void)git({"init", "-q", "-b", "main"});
  }

  [[nodiscard]] std::string git(std::vector<std::string> arguments, const std::string& input = "") const {
    arguments.insert(arguments.begin(), "git");
    const auto result = run_process(
        {.argv = std::move(arguments),
         .environment = std::vector<std::string>{"PATH=" + std::string(std::getenv("PATH")),
                                                 "HOME=" + folder_.path().string(), "GIT_AUTHOR_NAME=A",
                                                 "GIT_AUTHOR_EMAIL=a@x", "GIT_COMMITTER_NAME=A",
                                                 "GIT_COMMITTER_EMAIL=a@x"},
         .directory = at("served"),
         .input = input});
    EXPECT_TRUE(result.ok() && result->exit_code == 0) << (result.ok() ? result->output : "");
    return result.ok() ? std::string(trim(result->output)) : "";
  }
  [[nodiscard]] std::string commit() const {
    (void)git({"add", "-A"});
    (void)git({"commit", "-q", "--allow-empty", "-m", "x"});
    return git({"rev-parse", "HEAD"});
  }
  /// A commit whose only file has this name, mode and content, checked by nobody.
  [[nodiscard]] std::string odd_commit(const std::string& mode, const std::string& name,
                                       const std::string& content) const {
    const auto blob = git({"hash-object", "-w", "--stdin"}, content);
    const auto tree = git({"mktree"}, mode + " blob " + blob + "\t" + name + "\n");
    return git({"commit-tree", tree, "-m", "x"});
  }
  [[nodiscard]] GitServer server() const { return {.url = "file://" + at("served").string()}; }
  Result<std::string> fetch(const std::string& id) {
    EXPECT_TRUE(make_directories(at("files")).ok());
    return fetch_files(server(), id, at("files"));
  }
};

TEST_F(GitRemote, ListsBranchesAndPeeledTags) {
  const auto first = commit();
  (void)git({"tag", "-a", "-m", "x", "v1"});
  const auto references = list_references(server(), {"refs/tags/v1", "refs/heads/"});
  ASSERT_TRUE(references.ok());
  ASSERT_EQ(references->size(), 2U);
  for (const auto& reference : *references) EXPECT_EQ(reference.commit, first) << reference.name;
}

TEST_F(GitRemote, WritesFilesWithTheirModes) {
  ASSERT_TRUE(write_file(at("served/run"), "#!", 0755).ok());
  ASSERT_TRUE(make_directories(at("served/in")).ok());
  ASSERT_TRUE(write_file(at("served/in/text"), "plain").ok());
  std::filesystem::create_symlink("in/text", at("served/link"));
  const auto id = commit();
  const auto fetched = fetch(id);
  ASSERT_TRUE(fetched.ok()) << fetched.error().to_string();
  EXPECT_EQ(*fetched, id);
  EXPECT_EQ(*read_file(at("files/in/text")), "plain");
  EXPECT_EQ(std::filesystem::read_symlink(at("files/link")), "in/text");
  struct stat status {};
  ASSERT_EQ(::stat(at("files/run").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0755U);
  EXPECT_FALSE(base::exists(at("files/.git")));
}

TEST_F(GitRemote, RefusesNamesThatLeadElsewhere) {
  for (const std::string name : {"..", ".git", ".GIT"}) {
    const auto fetched = fetch(odd_commit("100644", name, "x"));
    ASSERT_FALSE(fetched.ok()) << name;
    EXPECT_THAT(fetched.error().message, HasSubstr("cannot be used"));
  }
}

TEST_F(GitRemote, SaysThatACommitOrARepositoryIsMissing) {
  EXPECT_EQ(fetch(std::string(40, '1')).error().kind, ErrorKind::not_found);
  EXPECT_EQ(list_references({.url = "file:///nowhere/at/all"}, {"refs/"}).error().kind, ErrorKind::not_found);
}

TEST(GitRemoteOverHttp, KeepsTheStatusOfARefusal) {
  fakes::FakeHttpClient http;
  for (const auto& [status, kind] :
       {std::pair(401, ErrorKind::denied), std::pair(403, ErrorKind::denied),
        std::pair(404, ErrorKind::not_found), std::pair(503, ErrorKind::unavailable),
        std::pair(429, ErrorKind::unavailable), std::pair(418, ErrorKind::remote)}) {
    http.will_answer(status, "");
    const auto asked = list_references({.url = "https://git.example/o/r", .http = &http}, {"refs/tags/v1"});
    ASSERT_FALSE(asked.ok());
    EXPECT_EQ(asked.error().kind, kind);
    EXPECT_EQ(asked.error().code, std::to_string(status));
  }
}

TEST(GitRemoteOverHttp, SaysWhenItIsNoGitServer) {
  fakes::FakeHttpClient http;
  http.will_answer(200, "<html>");
  const auto asked = list_references({.url = "https://git.example/o/r", .http = &http}, {"refs/tags/v1"});
  ASSERT_FALSE(asked.ok());
  EXPECT_THAT(asked.error().message, HasSubstr("does not answer as a git server"));
}

TEST(GitRemoteOverHttp, SendsTheLoginInAHeaderOnly) {
  fakes::FakeHttpClient http;
  http.will_answer(401, "");
  (void)list_references({.url = "https://git.example/o/r", .user = "x", .password = "s3cret", .http = &http},
                        {"refs/tags/v1"});
  const auto request = http.requests().at(0);
  EXPECT_EQ(request.url, "https://git.example/o/r/info/refs?service=git-upload-pack");
  EXPECT_EQ(request.headers.find("Authorization")->second, "Basic eDpzM2NyZXQ=");
}

}  // namespace
}  // namespace base
