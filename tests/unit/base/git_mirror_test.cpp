#include "base/git_mirror.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/process.h"
#include "base/strings.h"

namespace base {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class GitMirrorTest : public ::testing::Test {
 protected:
  GitMirrorTest() : folder_(std::move(TempDir::create("mirror-test")).value()) {
    git({"init", "-q", "-b", "main", work().string()}, folder_.path());
    commit("a.txt", "one");
  }
  [[nodiscard]] Path work() const { return folder_.path() / "work"; }
  [[nodiscard]] Path mirror() const { return folder_.path() / "mirror.git"; }
  static std::string git(std::vector<std::string> arguments, const Path& folder) {
    arguments.insert(arguments.begin(), {"git", "-c", "user.name=T", "-c", "user.email=t@example.com"});
    const auto done = run_process({.argv = std::move(arguments), .directory = folder});
    EXPECT_TRUE(done.ok() && done->exit_code == 0) << (done ? done->output : done.error().to_string());
    return done ? std::string(trim(done->output)) : "";
  }
  std::string commit(const std::string& file, const std::string& content) {
    EXPECT_TRUE(make_directories((work() / file).parent_path()).ok());
    EXPECT_TRUE(write_file(work() / file, content).ok());
    git({"add", "-A"}, work());
    git({"commit", "-q", "-m", "Write " + file}, work());
    return git({"rev-parse", "HEAD"}, work());
  }
  Result<void> update() { return update_mirror(mirror(), {.url = work().string()}); }
  TempDir folder_;
};

TEST_F(GitMirrorTest, ReadsCommitsWithoutAWorkTree) {
  const auto id = commit(".github/workflows/ci.yml", "on: push");
  ASSERT_TRUE(update().ok());
  EXPECT_EQ(find_commit(mirror(), "refs/heads/main").value(), id);
  EXPECT_THAT(list_files_of_commit(mirror(), id, ".github/workflows").value(), ElementsAre("ci.yml"));
  EXPECT_THAT(list_files_of_commit(mirror(), id, "nowhere").value(), IsEmpty());
  EXPECT_EQ(read_file_of_commit(mirror(), id, ".github/workflows/ci.yml", 100).value(), "on: push");
  EXPECT_EQ(read_file_of_commit(mirror(), id, "none", 100).error().kind, ErrorKind::not_found);
  EXPECT_THAT(read_file_of_commit(mirror(), id, "a.txt", 2).error().message, HasSubstr("larger than 2"));
  EXPECT_EQ(message_of_commit(mirror(), id).value(), "Write .github/workflows/ci.yml\n");
}

TEST_F(GitMirrorTest, FollowsForcedPushesAndDeletions) {
  git({"branch", "topic"}, work());
  ASSERT_TRUE(update().ok());
  git({"branch", "-D", "topic"}, work());
  git({"commit", "-q", "--amend", "-m", "Another"}, work());
  ASSERT_TRUE(update().ok());
  const auto references = list_mirror_references(mirror(), "refs/heads/").value();
  ASSERT_EQ(references.size(), 1U);
  EXPECT_EQ(references[0].commit, git({"rev-parse", "HEAD"}, work()));
}

TEST_F(GitMirrorTest, KnowsParentsAndWhereBranchesParted) {
  const auto root = git({"rev-parse", "HEAD"}, work());
  const auto second = commit("b.txt", "two");
  git({"checkout", "-q", "-b", "topic", root}, work());
  const auto topic = commit("c.txt", "three");
  ASSERT_TRUE(update().ok());
  EXPECT_EQ(parent_of_commit(mirror(), second).value(), root);
  EXPECT_EQ(parent_of_commit(mirror(), root).value(), std::nullopt);
  EXPECT_EQ(merge_base(mirror(), second, topic).value(), root);
  EXPECT_EQ(find_commit(mirror(), std::string(40, '1')).value(), std::nullopt);
  EXPECT_THAT(changed_files(mirror(), root, topic).value(), ElementsAre("c.txt"));
}

TEST_F(GitMirrorTest, SaysFromWhereItCannotFetch) {
  const auto updated = update_mirror(mirror(), {.url = (folder_.path() / "gone").string()});
  ASSERT_FALSE(updated.ok());
  EXPECT_THAT(updated.error().message, HasSubstr("cannot fetch from"));
}

}  // namespace
}  // namespace base
