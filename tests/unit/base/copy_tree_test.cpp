#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/base/as_nobody.h"
#include "tests/unit/base/deep_tree.h"
#include "tests/unit/base/folder_fixture.h"

namespace base {
namespace {

class CopyTreeTest : public FolderTest {
 protected:
  void link(const std::string& target, const std::string& name) const {
    ASSERT_EQ(::symlink(target.c_str(), at(name).c_str()), 0);
  }
  [[nodiscard]] std::string target_of(const std::string& name) const {
    std::error_code error;
    return std::filesystem::read_symlink(at(name), error).string();
  }
  [[nodiscard]] std::string copy(const std::string& from, const std::string& to) const {
    return failure_of(copy_tree(at(from), at(to)));
  }
  [[nodiscard]] struct stat status_of(const std::string& name) const {
    struct stat status {};
    EXPECT_EQ(::lstat(at(name).c_str(), &status), 0) << name;
    return status;
  }
};

TEST_F(CopyTreeTest, CopiesAllThatIsInAFolder) {
  (void)put("from/a/file", "content");
  (void)put("from/.hidden", "h");
  (void)put("from/empty", "");
  ASSERT_TRUE(make_directories(at("from/folder")).ok());
  EXPECT_EQ(copy("from", "above/to"), "");
  EXPECT_EQ(content_of("above/to/a/file"), "content");
  EXPECT_EQ(content_of("above/to/.hidden"), "h");
  EXPECT_EQ(content_of("above/to/empty"), "");
  EXPECT_TRUE(base::is_directory(at("above/to/folder")));
}

TEST_F(CopyTreeTest, CopiesOneFile) {
  (void)put("file", "content", 0750);
  EXPECT_EQ(copy("file", "copy"), "");
  EXPECT_EQ(content_of("copy"), "content");
  EXPECT_EQ(mode_of("copy"), 0750U);
}

TEST_F(CopyTreeTest, CopiesLargeContentOverAFileSystemsEdge) {
  std::string much;
  for (int i = 0; much.size() < (3U << 20); ++i) much += std::to_string(i) + "\n";
  (void)put("from/file", much);
  const auto elsewhere = TempDir::create_in("/dev/shm", "copy-test");
  if (!elsewhere.ok()) GTEST_SKIP() << "needs /dev/shm, a second file system";
  EXPECT_EQ(failure_of(copy_tree(at("from"), elsewhere->path() / "to")), "");
  EXPECT_TRUE(read_file(elsewhere->path() / "to/file").value_or("") == much);
}

TEST_F(CopyTreeTest, KeepsModesAndTimes) {
  (void)put("from/folder/program", "x", 0755);
  ASSERT_EQ(::chmod(at("from/folder/program").c_str(), 04711), 0);
  ASSERT_EQ(::chmod(at("from/folder").c_str(), 01750), 0);
  link("nowhere", "from/folder/link");
  const timespec times[2] = {{.tv_sec = 1'000'000'000, .tv_nsec = 123},
                             {.tv_sec = 1'100'000'000, .tv_nsec = 456}};
  for (const char* name : {"from/folder/program", "from/folder/link", "from/folder"}) {
    ASSERT_EQ(::utimensat(AT_FDCWD, at(name).c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
  }
  const mode_t before = ::umask(0077);
  EXPECT_EQ(copy("from", "to"), "");
  ::umask(before);
  EXPECT_EQ(mode_of("to/folder/program"), 04711U);
  EXPECT_EQ(mode_of("to/folder"), 01750U);
  for (const char* name : {"to/folder/program", "to/folder/link", "to/folder"}) {
    EXPECT_EQ(status_of(name).st_mtim.tv_sec, 1'100'000'000) << name;
    EXPECT_EQ(status_of(name).st_mtim.tv_nsec, 456) << name;
  }
}

TEST_F(CopyTreeTest, KeepsLinksAsTheyAre) {
  (void)put("secret", "outside");
  (void)put("from/file", "x");
  const std::string long_target(4000, 'x');
  for (const auto& [name, target] :
       std::vector<std::pair<std::string, std::string>>{{"relative", "file"},
                                                        {"out", "../secret"},
                                                        {"absolute", "/etc/passwd"},
                                                        {"dangling", "absent"},
                                                        {"to-folder", "."},
                                                        {"long", long_target}}) {
    link(target, "from/" + name);
    EXPECT_EQ(copy("from", "to"), "");
    EXPECT_EQ(target_of("to/" + name), target);
  }
}

TEST_F(CopyTreeTest, CopiesALinkAsALinkWhenThatIsAll) {
  (void)put("file", "x");
  link("file", "link");
  EXPECT_EQ(copy("link", "copy"), "");
  EXPECT_EQ(target_of("copy"), "file");
}

TEST_F(CopyTreeTest, WritesThroughNoLinkThatIsInTheWay) {
  (void)put("victim/file", "kept");
  (void)put("victim-file", "kept");
  (void)put("from/folder/file", "new");
  ASSERT_TRUE(make_directories(at("to")).ok());
  link("../victim-file", "to/file");
  EXPECT_EQ(copy("from/folder", "to"), "");
  EXPECT_EQ(content_of("to/file"), "new");
  EXPECT_EQ(content_of("victim-file"), "kept");
  link("../victim", "to/folder");
  EXPECT_NE(copy("from", "to"), "") << "a folder is not copied into where a link leads";
  EXPECT_EQ(content_of("victim/file"), "kept");
}

TEST_F(CopyTreeTest, FollowsALinkThatTheCallerNamedAsTarget) {
  (void)put("from/file", "new");
  ASSERT_TRUE(make_directories(at("real")).ok());
  link("real", "to");
  EXPECT_EQ(copy("from", "to/"), "");
  EXPECT_EQ(content_of("real/file"), "new");
}

TEST_F(CopyTreeTest, ReplacesFilesAndKeepsOthers) {
  (void)put("from/file", "new");
  (void)put("to/file", "old and read-only", 0400);
  (void)put("to/other", "kept");
  EXPECT_EQ(copy("from", "to"), "");
  EXPECT_EQ(content_of("to/file"), "new");
  EXPECT_EQ(content_of("to/other"), "kept");
}

TEST_F(CopyTreeTest, LeavesAFileThatSharesItsContentUnderAnotherNameAlone) {
  (void)put("from/file", "new");
  (void)put("to/file", "old");
  ASSERT_EQ(::link(at("to/file").c_str(), at("second-name").c_str()), 0);
  EXPECT_EQ(copy("from", "to"), "");
  EXPECT_EQ(content_of("second-name"), "old");
}

TEST_F(CopyTreeTest, PassesOverWhatIsNoContent) {
  (void)put("from/file", "x");
  ASSERT_EQ(::mkfifo(at("from/fifo").c_str(), 0644), 0);
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  at("from/socket").string().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(copy("from", "to"), "");
  EXPECT_EQ(list_directory(at("to")).value_or({}), std::vector<std::string>{"file"});
}

TEST_F(CopyTreeTest, RefusesToCopyAFolderIntoItself) {
  (void)put("from/file", "x");
  for (const char* to : {"from/inside", "from/a/b/inside", "from"}) {
    const auto copied = copy_tree(at("from"), at(to));
    ASSERT_FALSE(copied.ok()) << to;
    EXPECT_EQ(copied.error().kind, ErrorKind::invalid_input);
    EXPECT_NE(copied.error().message.find("into itself"), std::string::npos) << copied.error().message;
  }
  EXPECT_NE(copy("from/file", "from/file").find("into itself"), std::string::npos);
  link("from", "link");
  EXPECT_NE(copy("from", "link/").find("into itself"), std::string::npos);
  EXPECT_EQ(content_of("from/file"), "x");
}

TEST(CopyDeepTree, CopiesFourHundredLevelsAndRefusesMore) {
  const auto folder = fast_folder();
  ASSERT_TRUE(make_deep_tree(folder.path() / "deep", 400));
  EXPECT_EQ(failure_of(copy_tree(folder.path() / "deep", folder.path() / "to")), "");
  ASSERT_TRUE(make_deep_tree(folder.path() / "deeper", 401));
  const auto copied = copy_tree(folder.path() / "deeper", folder.path() / "too-deep");
  ASSERT_FALSE(copied.ok());
  EXPECT_NE(copied.error().message.find("deeper than 400 folders"), std::string::npos);
}

TEST_F(CopyTreeTest, NamesWhatIsNotThere) {
  const auto copied = copy_tree(at("absent"), at("to"));
  ASSERT_FALSE(copied.ok());
  EXPECT_EQ(copied.error().kind, ErrorKind::not_found);
  EXPECT_NE(copied.error().message.find(at("absent").string()), std::string::npos) << copied.error().message;
  EXPECT_FALSE(base::exists(at("to")));
}

TEST_F(CopyTreeTest, NamesTheFileThatIsInTheWayOfAFolder) {
  (void)put("from/name/file", "x");
  (void)put("to/name", "a file");
  EXPECT_NE(copy("from", "to").find(at("to/name").string()), std::string::npos);
  EXPECT_EQ(content_of("to/name"), "a file");
}

TEST_F(CopyTreeTest, NamesTheFileThatItMayNotRead) {
  (void)put("from/secret", "x", 0600);
  give_to_nobody(folder_.path());
  give_to_nobody(at("from"));
  const auto told = as_nobody([&] { return copy("from", "to"); });
  if (::geteuid() == 0) {
    EXPECT_EQ(told, "cannot open " + at("from/secret").string() + ": Permission denied");
  } else {
    EXPECT_EQ(told, "") << "it is ours";
  }
}

TEST_F(CopyTreeTest, CopiesAFolderThatItsOwnerMayNotWrite) {
  (void)put("from/folder/file", "x", 0400);
  for (const char* name : {"from/folder/file", "from/folder", "from"}) give_to_nobody(at(name));
  give_to_nobody(folder_.path());
  for (const char* name : {"from/folder", "from"}) ASSERT_EQ(::chmod(at(name).c_str(), 0555), 0);
  EXPECT_EQ(as_nobody([&] { return copy("from", "to"); }), "");
  EXPECT_EQ(mode_of("to/folder"), 0555U);
  EXPECT_EQ(content_of("to/folder/file"), "x");
}

}  // namespace
}  // namespace base
