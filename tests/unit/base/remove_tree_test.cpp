#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "tests/unit/base/as_nobody.h"
#include "tests/unit/base/deep_tree.h"
#include "tests/unit/base/folder_fixture.h"

namespace base {
namespace {

class RemoveTreeTest : public FolderTest {
 protected:
  void link(const std::string& target, const std::string& name) const {
    ASSERT_EQ(::symlink(target.c_str(), at(name).c_str()), 0);
  }
  [[nodiscard]] std::string remove(const std::string& name) const {
    return failure_of(remove_tree(at(name)));
  }
  // Also true of a link that leads nowhere.
  [[nodiscard]] bool is_there(const std::string& name) const {
    struct stat status {};
    return ::lstat(at(name).c_str(), &status) == 0;
  }
};

TEST_F(RemoveTreeTest, RemovesAFolderWithAllInIt) {
  (void)put("tree/a/b/file", "x");
  (void)put("tree/.hidden", "x");
  ASSERT_EQ(::mkfifo(at("tree/fifo").c_str(), 0600), 0);
  link("absent", "tree/dangling");
  EXPECT_EQ(remove("tree"), "");
  EXPECT_FALSE(is_there("tree"));
}

TEST_F(RemoveTreeTest, RemovesAFile) {
  (void)put("file", "x");
  EXPECT_EQ(remove("file"), "");
  EXPECT_FALSE(is_there("file"));
}

TEST_F(RemoveTreeTest, IsContentWhenThereIsNothing) {
  (void)put("file", "x");
  EXPECT_EQ(remove("absent"), "");
  EXPECT_EQ(remove("absent/below"), "");
  EXPECT_EQ(remove("file/below"), "");
  EXPECT_EQ(content_of("file"), "x");
}

struct LinkCase {
  const char* name;
  const char* target;
  const char* removed;
};
void PrintTo(const LinkCase& given, std::ostream* out) {
  *out << given.removed << ", a link to " << given.target;
}

class RemoveTreeLinks : public RemoveTreeTest, public testing::WithParamInterface<LinkCase> {};

TEST_P(RemoveTreeLinks, GoThemselvesAndNotWhatTheyLeadTo) {
  (void)put("victim/file", "kept");
  ASSERT_TRUE(make_directories(at("tree/folder")).ok());
  const std::string target = GetParam().target;
  link(target.starts_with("/") ? folder_.path().string() + target : target, "tree/link");
  EXPECT_EQ(remove(GetParam().removed), "");
  EXPECT_FALSE(is_there("tree/link"));
  EXPECT_EQ(content_of("victim/file"), "kept");
}

INSTANTIATE_TEST_SUITE_P(, RemoveTreeLinks,
                         testing::Values(LinkCase{"Itself", "../victim", "tree/link"},
                                         LinkCase{"WithASlash", "../victim", "tree/link/"},
                                         LinkCase{"WithinATree", "../victim", "tree"},
                                         LinkCase{"Absolute", "/victim", "tree"},
                                         LinkCase{"ToAFile", "../victim/file", "tree"},
                                         LinkCase{"ToItsParent", "..", "tree"}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(RemoveDeepTree, RemovesATreeDeeperThanAnyPath) {
  const auto folder = fast_folder();
  ASSERT_TRUE(make_deep_tree(folder.path() / "deep", 5000));
  EXPECT_EQ(failure_of(remove_tree(folder.path() / "deep")), "");
  EXPECT_FALSE(base::exists(folder.path() / "deep"));
}

TEST(RemoveDeepTree, NeedsFewDescriptors) {
  const auto folder = fast_folder();
  ASSERT_TRUE(make_deep_tree(folder.path() / "deep", 1000));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{200, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const auto told = failure_of(remove_tree(folder.path() / "deep"));
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(told, "");
}

TEST_F(RemoveTreeTest, RemovesManyEntriesAndNamesThatLookLikeItsOwn) {
  ASSERT_TRUE(make_deep_tree(at("tree"), 100));
  for (int i = 1; i < 5; ++i) (void)put("tree/.removed-" + std::to_string(i) + "/file", "x");
  for (int i = 0; i < 2000; ++i) (void)put("tree/many/" + std::to_string(i), "");
  EXPECT_EQ(remove("tree"), "");
  EXPECT_FALSE(is_there("tree"));
}

class RemoveTreeModes : public RemoveTreeTest, public testing::WithParamInterface<mode_t> {};

TEST_P(RemoveTreeModes, DoNotKeepAnOwnerFromRemovingWhatIsTheirs) {
  (void)put("tree/a/b/file", "x", 0);
  ASSERT_TRUE(make_deep_tree(at("tree/a/deep"), 70));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(at("tree")))
    give_to_nobody(entry.path());
  give_to_nobody(at("tree"));
  give_to_nobody(folder_.path());
  for (const char* name : {"tree/a/deep/d/d", "tree/a/deep", "tree/a/b", "tree/a", "tree"}) {
    ASSERT_EQ(::chmod(at(name).c_str(), GetParam()), 0);
  }
  EXPECT_EQ(as_nobody([&] { return remove("tree"); }), "");
  EXPECT_FALSE(is_there("tree"));
}

INSTANTIATE_TEST_SUITE_P(, RemoveTreeModes, testing::Values(0, 0100, 0200, 0400, 0500, 0600),
                         [](const auto& tested) {
                           return "Mode" + std::to_string(tested.param >> 6) + "00";
                         });

TEST_F(RemoveTreeTest, NamesWhatBelongsToSomebodyElse) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make files of another user";
  (void)put("tree/theirs/file", "x");
  give_to_nobody(at("tree"));
  give_to_nobody(folder_.path());
  const auto told = as_nobody([&] { return remove("tree"); });
  EXPECT_EQ(told, "cannot remove " + at("tree").string() + ", because of file: Operation not permitted");
  EXPECT_EQ(content_of("tree/theirs/file"), "x");
}

TEST_F(RemoveTreeTest, LeavesWhatIsMountedBelowAndSaysSo) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can mount";
  (void)put("elsewhere/file", "kept");
  ASSERT_TRUE(make_directories(at("tree/mounted")).ok());
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe.ok());
  const pid_t pid = ::fork();
  if (pid == 0) {  // in a mount namespace of its own, so that nothing stays mounted
    const bool mounted = ::unshare(CLONE_NEWNS) == 0 &&
                         ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                         ::mount("tmpfs", at("tree/mounted").c_str(), "tmpfs", 0, nullptr) == 0 &&
                         write_file(at("tree/mounted/file"), "kept").ok();
    std::string told = mounted ? remove("tree") : "cannot mount";
    if (mounted && content_of("tree/mounted/file") != "kept") told = "the mounted file is gone";
    (void)write_all(pipe->write.get(), told);
    ::_exit(0);
  }
  pipe->write.reset();
  EXPECT_EQ(read_all(pipe->read.get()).value_or(""),
            "cannot remove " + at("tree").string() +
                ", because of mounted: a file system is mounted there; unmount it");
  EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
}

TEST_F(RemoveTreeTest, NeverRemovesOutsideWhileFoldersAndLinksAreSwapped) {
  (void)put("victim/sub/file", "kept");
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 5; ++i) (void)put("tree/sub/" + std::to_string(i), "");
    link(at("victim/sub").string(), "link");
    {
      const std::jthread swapper([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
          (void)::renameat2(AT_FDCWD, at("tree/sub").c_str(), AT_FDCWD, at("link").c_str(), RENAME_EXCHANGE);
        }
      });
      (void)remove("tree");
    }
    EXPECT_EQ(remove("tree"), "");
    EXPECT_EQ(remove("link"), "");
    ASSERT_EQ(content_of("victim/sub/file"), "kept");
  }
}

}  // namespace
}  // namespace base
