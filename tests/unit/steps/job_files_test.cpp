#include "steps/job_files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "steps/tree_copy.h"
#include "tests/unit/steps/job_fixture.h"

namespace steps {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class JobFiles : public JobFixture {
 protected:
  base::Fd workspace() { return std::move(*base::open_directory(job_.folders.workspace.host)); }
};

TEST_F(JobFiles, MapPathsOfStepsToTheHost) {
  job_.folders.workspace.inside = "/w/repo";
  job_.folders.temp.inside = "/w/repo/_temp";
  auto location = to_host(job_.folders, "/w/repo/a/../b.txt");
  ASSERT_TRUE(location);
  EXPECT_EQ(location->folder, job_.folders.workspace.host);
  EXPECT_EQ(location->relative, "b.txt");
  EXPECT_EQ(to_host(job_.folders, "/w/repo/_temp/x")->folder, job_.folders.temp.host);
  for (const char* path : {"/w/repo/../other", "/w/repository", "/etc/passwd", "relative", ""}) {
    auto outside = to_host(job_.folders, path);
    ASSERT_FALSE(outside) << path;
    EXPECT_EQ(outside.error().kind, base::ErrorKind::not_found);
  }
}

TEST_F(JobFiles, AreNotReadThroughASymlinkThatLeavesTheFolder) {
  write("real.txt", "content");
  const std::string folder = job_.folders.workspace.inside;
  ASSERT_EQ(symlink("/etc/hostname", (folder + "/out").c_str()), 0);
  ASSERT_EQ(symlink("real.txt", (folder + "/in").c_str()), 0);
  ASSERT_EQ(mkfifo((folder + "/fifo").c_str(), 0666), 0);
  EXPECT_EQ(*read_job_file(job_.folders, folder + "/real.txt", 100), "content");
  EXPECT_EQ(*read_job_file(job_.folders, folder + "/in", 100), "content");
  EXPECT_FALSE(read_job_file(job_.folders, folder + "/out", 100).ok());
  EXPECT_FALSE(read_job_file(job_.folders, folder + "/fifo", 100).ok());
  EXPECT_FALSE(read_job_file(job_.folders, folder + "/real.txt", 3).ok());
}

TEST_F(JobFiles, AreEmptiedWithoutFollowingSymlinks) {
  write("a/b/c.txt", "x");
  const base::Path outside = root_.path() / "outside.txt";
  ASSERT_TRUE(base::write_file(outside, "kept"));
  ASSERT_EQ(symlink(root_.path().c_str(), (job_.folders.workspace.inside + "/a/link").c_str()), 0);
  ASSERT_TRUE(remove_contents(workspace().get()));
  EXPECT_THAT(*base::list_directory(job_.folders.workspace.host), testing::IsEmpty());
  EXPECT_TRUE(base::exists(outside));
}

TEST_F(JobFiles, AreCopiedWithModesTimesAndSymlinks) {
  const base::Path source = make("source").host;
  ASSERT_TRUE(base::make_directories(source / "bin"));
  ASSERT_TRUE(base::write_file(source / "bin/run", "#!/bin/sh\n", 0755));
  ASSERT_TRUE(base::write_file(source / "notes", "text"));
  ASSERT_EQ(symlink("bin/run", (source / "link").c_str()), 0);
  auto files = list_tree(source, [](const std::string& path) { return path != "notes"; });
  ASSERT_TRUE(files);
  EXPECT_THAT(*files, ElementsAre("bin", "bin/run", "link"));
  ASSERT_TRUE(copy_files_for_steps(source, *files, workspace().get(), getuid()));
  const base::Path target = job_.folders.workspace.host;
  struct stat copied {};
  struct stat original {};
  ASSERT_EQ(stat((target / "bin/run").c_str(), &copied), 0);
  ASSERT_EQ(stat((source / "bin/run").c_str(), &original), 0);
  EXPECT_EQ(copied.st_mode & 0777, 0755U);
  EXPECT_EQ(copied.st_mtim.tv_sec, original.st_mtim.tv_sec);
  EXPECT_EQ(std::filesystem::read_symlink(target / "link"), "bin/run");
  EXPECT_FALSE(base::exists(target / "notes"));
}

TEST_F(JobFiles, AreCopiedOverWhatIsThereButNotThroughIt) {
  const base::Path source = make("source").host;
  const base::Path outside = make("outside").host;
  ASSERT_TRUE(base::make_directories(source / "folder"));
  ASSERT_TRUE(base::write_file(source / "folder/file", "new"));
  ASSERT_TRUE(base::write_file(source / "plain", "new"));
  ASSERT_TRUE(base::write_file(outside / "file", "untouched"));
  ASSERT_TRUE(base::write_file(outside / "plain", "untouched"));
  const std::string folder = job_.folders.workspace.inside;
  ASSERT_EQ(symlink(outside.c_str(), (folder + "/folder").c_str()), 0);
  ASSERT_EQ(symlink((outside / "plain").c_str(), (folder + "/plain").c_str()), 0);
  (void)copy_files_for_steps(source, {"plain", "folder/file"}, workspace().get(), getuid()).ok();
  EXPECT_EQ(*base::read_file(outside / "file"), "untouched");
  EXPECT_EQ(*base::read_file(outside / "plain"), "untouched");
  EXPECT_EQ(*base::read_file(folder + "/plain"), "new");
}

TEST_F(JobFiles, MakeFoldersOnlyBeneathTheirRoot) {
  EXPECT_TRUE(make_folder_for_steps(workspace().get(), "a/b/c", getuid()).ok());
  EXPECT_TRUE(base::is_directory(job_.folders.workspace.host / "a/b/c"));
  EXPECT_FALSE(make_folder_for_steps(workspace().get(), "../x", getuid()).ok());
  EXPECT_FALSE(base::exists(root_.path() / "x"));
}

}  // namespace
}  // namespace steps
