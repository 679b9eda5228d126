#include "runner/workspace_snapshots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

namespace runner {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Snapshots : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(base::make_directories(workspace_ / "folder").ok()); }
  void write(const std::string& name, const std::string& text) {
    // In place, as steps do it.
    ASSERT_TRUE(base::append_file(workspace_ / name, text).ok());
  }
  std::string read(int step, const std::string& name) {
    const auto tree = WorkspaceSnapshots::tree_of(kept_, step);
    return tree ? base::read_file(*tree / name).value_or("missing") : "no tree";
  }
  /// Change times have to be older than a tick of the clock for a file to count as unchanged.
  static void let_the_clock_tick() { std::this_thread::sleep_for(std::chrono::milliseconds(30)); }

  base::TempDir folder_ = std::move(base::TempDir::create("snapshots-test")).value();
  base::Path workspace_ = folder_.path() / "workspace";
  base::Path kept_ = folder_.path() / "kept";
};

TEST_F(Snapshots, AreAsTheWorkspaceWasBeforeEachStep) {
  WorkspaceSnapshots snapshots(kept_, workspace_);
  ASSERT_TRUE(snapshots.take(1));
  write("folder/file", "one");
  ASSERT_TRUE(snapshots.take(2));
  write("folder/file", " two");
  ASSERT_TRUE(snapshots.take(3));
  std::filesystem::remove(workspace_ / "folder/file");
  ASSERT_TRUE(snapshots.take(4));
  EXPECT_EQ(read(1, "folder/file"), "missing");
  EXPECT_EQ(read(2, "folder/file"), "one");
  EXPECT_EQ(read(3, "folder/file"), "one two");
  EXPECT_EQ(read(4, "folder/file"), "missing");
  EXPECT_FALSE(WorkspaceSnapshots::tree_of(kept_, 0).ok());
}

TEST_F(Snapshots, KeepWhatDidNotChangeOnce) {
  WorkspaceSnapshots snapshots(kept_, workspace_);
  write("large", std::string(100'000, 'x'));
  let_the_clock_tick();
  ASSERT_TRUE(snapshots.take(1));
  const auto copied = snapshots.copied();
  write("small", "new");
  ASSERT_TRUE(snapshots.take(2));
  EXPECT_LE(snapshots.copied(), copied + 3);
  struct stat first {};
  struct stat second {};
  ASSERT_EQ(::stat((*WorkspaceSnapshots::tree_of(kept_, 1) / "large").c_str(), &first), 0);
  ASSERT_EQ(::stat((*WorkspaceSnapshots::tree_of(kept_, 2) / "large").c_str(), &second), 0);
  EXPECT_EQ(first.st_ino, second.st_ino);
  let_the_clock_tick();
  ASSERT_TRUE(snapshots.take(3));
  let_the_clock_tick();
  ASSERT_TRUE(snapshots.take(4));
  EXPECT_EQ(*WorkspaceSnapshots::tree_of(kept_, 4), *WorkspaceSnapshots::tree_of(kept_, 3))
      << "nothing changed";
}

TEST_F(Snapshots, NoticeAChangeThatKeepsSizeAndModificationTime) {
  WorkspaceSnapshots snapshots(kept_, workspace_);
  write("file", "aaa");
  const auto time = std::filesystem::last_write_time(workspace_ / "file");
  let_the_clock_tick();
  ASSERT_TRUE(snapshots.take(1));
  std::filesystem::resize_file(workspace_ / "file", 0);
  write("file", "bbb");
  std::filesystem::last_write_time(workspace_ / "file", time);
  ASSERT_TRUE(snapshots.take(2));
  EXPECT_EQ(read(1, "file"), "aaa");
  EXPECT_EQ(read(2, "file"), "bbb");
}

TEST_F(Snapshots, FollowNoSymlinkAndKeepNoSetUserId) {
  const auto outside = folder_.path() / "outside";
  ASSERT_TRUE(base::write_file(outside, "not the workspace's").ok());
  std::filesystem::create_symlink(outside, workspace_ / "link");
  write("program", "x");
  ::chmod((workspace_ / "program").c_str(), 04755);
  WorkspaceSnapshots snapshots(kept_, workspace_);
  ASSERT_TRUE(snapshots.take(1)) << snapshots.why_off();
  const auto tree = *WorkspaceSnapshots::tree_of(kept_, 1);
  EXPECT_TRUE(std::filesystem::is_symlink(tree / "link"));
  struct stat status {};
  ASSERT_EQ(::stat((tree / "program").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0755U);
}

TEST_F(Snapshots, AreOffForWhatIsTooLarge) {
  WorkspaceSnapshots snapshots(kept_, workspace_, {.entries = 3});
  EXPECT_TRUE(snapshots.take(1));
  for (const char* name : {"a", "b", "c"}) write(name, "x");
  EXPECT_FALSE(snapshots.take(2));
  EXPECT_THAT(snapshots.why_off(), HasSubstr("more than 3 files"));
  for (const char* name : {"a", "b", "c"}) std::filesystem::remove(workspace_ / name);
  EXPECT_FALSE(snapshots.take(3)) << "once off, it stays off";
  EXPECT_EQ(read(1, "a"), "missing");
}

TEST_F(Snapshots, LoseTheFilesThatHoldSecrets) {
  WorkspaceSnapshots snapshots(kept_, workspace_);
  write("folder/secret", "before hunter2hunter2 after");
  write("folder/plain", "text");
  let_the_clock_tick();
  ASSERT_TRUE(snapshots.take(1));
  write("other", "x");
  ASSERT_TRUE(snapshots.take(2));
  steps::SecretMasker masker;
  masker.add("hunter2hunter2");
  const auto removed = WorkspaceSnapshots::remove_secrets(kept_, masker);
  ASSERT_TRUE(removed.ok());
  EXPECT_THAT(*removed, ElementsAre("folder/secret"));
  for (const int step : {1, 2}) {
    EXPECT_EQ(read(step, "folder/secret"), "missing");
    EXPECT_EQ(read(step, "folder/plain"), "text");
  }
}

}  // namespace
}  // namespace runner
