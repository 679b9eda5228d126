#include "base/strict_open.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <thread>

#include "tests/unit/base/folder_fixture.h"

namespace base {
namespace {

/// inside/ is the folder; beside it lies what must not be reached.
class TreeWithLinks : public FolderTest {
 protected:
  TreeWithLinks() {
    (void)put("secret", "outside");
    (void)put("inside/folder/file", "inside");
    link("folder", "inside/to-folder");
    link("folder/file", "inside/to-file");
    link("../secret", "inside/to-secret");
    link("..", "inside/folder/up");
    link("/", "inside/to-root");
    link(at("inside/folder").string(), "inside/absolute-to-folder");
    link("to-itself", "inside/to-itself");
    root_ = open_directory(at("inside")).value();
  }
  void link(const std::string& target, const std::string& name) const {
    EXPECT_EQ(::symlink(target.c_str(), at(name).c_str()), 0) << name;
  }
  Fd root_;
};

struct OpenCase {
  const char* name;
  const char* path;
  int error;
};
void PrintTo(const OpenCase& given, std::ostream* out) {
  *out << "'" << given.path << "': " << std::strerror(given.error);
}

class OpenStrictly : public TreeWithLinks, public testing::WithParamInterface<OpenCase> {};

TEST_P(OpenStrictly, OpensNothingThroughALinkOrOutside) {
  errno = 0;
  const Fd fd = open_strictly(root_.get(), GetParam().path, O_RDONLY);
  EXPECT_EQ(static_cast<bool>(fd), GetParam().error == 0);
  EXPECT_EQ(fd ? 0 : errno, GetParam().error) << std::strerror(errno);
}

INSTANTIATE_TEST_SUITE_P(
    , OpenStrictly,
    testing::Values(OpenCase{"ItsFolder", "", 0}, OpenCase{"Dot", ".", 0},
                    OpenCase{"AFile", "folder/file", 0},
                    OpenCase{"DotDotThatStays", "folder/../folder/file", 0}, OpenCase{"DotDot", "..", EXDEV},
                    OpenCase{"DotDotToASecret", "../secret", EXDEV},
                    OpenCase{"DotDotFromBelow", "folder/../../secret", EXDEV},
                    OpenCase{"OutAndBackIn", "../inside/folder/file", EXDEV},
                    OpenCase{"AnAbsolutePath", "/etc/passwd", EXDEV}, OpenCase{"TheRoot", "/", EXDEV},
                    OpenCase{"ALinkToAFile", "to-file", ELOOP},
                    OpenCase{"ThroughALinkToAFolder", "to-folder/file", ELOOP},
                    OpenCase{"ALinkToAFolder", "to-folder", ELOOP},
                    OpenCase{"ALinkToAFolderWithASlash", "to-folder/", ELOOP},
                    OpenCase{"ALinkOut", "to-secret", ELOOP}, OpenCase{"ALinkUp", "folder/up/to-file", ELOOP},
                    OpenCase{"ALinkToTheRoot", "to-root/etc/passwd", ELOOP},
                    OpenCase{"AnAbsoluteLinkInside", "absolute-to-folder/file", ELOOP},
                    OpenCase{"ALinkToItself", "to-itself", ELOOP}, OpenCase{"Absent", "absent", ENOENT},
                    OpenCase{"BelowAFile", "folder/file/x", ENOTDIR}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(TreeWithLinks, MakesAFileWithItsModeButNeverThroughALink) {
  const mode_t before = ::umask(0);
  const Fd made = open_strictly(root_.get(), "folder/new", O_WRONLY | O_CREAT | O_EXCL, 0640);
  ::umask(before);
  ASSERT_TRUE(static_cast<bool>(made)) << std::strerror(errno);
  EXPECT_EQ(mode_of("inside/folder/new"), 0640U);
  EXPECT_NE(::fcntl(made.get(), F_GETFD) & FD_CLOEXEC, 0);
  link("../absent", "inside/dangling");
  EXPECT_FALSE(static_cast<bool>(open_strictly(root_.get(), "dangling", O_WRONLY | O_CREAT, 0640)));
  EXPECT_FALSE(base::exists(at("absent")));
}

TEST_F(TreeWithLinks, IgnoresAModeWhereNothingIsMade) {
  EXPECT_TRUE(static_cast<bool>(open_strictly(root_.get(), "folder/file", O_RDONLY, 0644)));
}

TEST_F(TreeWithLinks, FollowsNoMagicLinkOfProc) {
  const auto own = open_directory("/proc/self");
  ASSERT_TRUE(own.ok());
  for (const char* path : {"cwd", "root/etc/passwd", "exe"}) {
    EXPECT_FALSE(static_cast<bool>(open_strictly(own->get(), path, O_RDONLY))) << path;
    EXPECT_EQ(errno, ELOOP) << path;
  }
}

struct BeneathCase {
  const char* name;
  const char* path;
  const char* content;  // "" when it must fail
};
void PrintTo(const BeneathCase& given, std::ostream* out) {
  *out << "'" << given.path << "'";
}

class OpenBeneath : public TreeWithLinks, public testing::WithParamInterface<BeneathCase> {};

TEST_P(OpenBeneath, FollowsLinksAsIfTheFolderWereTheRoot) {
  (void)put("inside/secret", "the inside's own");
  const auto fd = open_beneath(root_.get(), GetParam().path, O_RDONLY);
  const std::string expected = GetParam().content;
  EXPECT_EQ(fd.ok(), !expected.empty());
  if (fd.ok()) {
    EXPECT_EQ(read_all(fd->get()).value_or(""), expected);
  } else {
    EXPECT_NE(fd.error().message.find(GetParam().path), std::string::npos) << fd.error().message;
  }
}

INSTANTIATE_TEST_SUITE_P(
    , OpenBeneath,
    testing::Values(BeneathCase{"AFile", "folder/file", "inside"}, BeneathCase{"ALink", "to-file", "inside"},
                    BeneathCase{"ThroughALink", "to-folder/file", "inside"},
                    BeneathCase{"ALinkUp", "folder/up/folder/file", "inside"},
                    BeneathCase{"DotDotStopsAtTheRoot", "../../../secret", "the inside's own"},
                    BeneathCase{"ALinkOutStopsAtTheRoot", "to-secret", "the inside's own"},
                    BeneathCase{"AnAbsolutePath", "/secret", "the inside's own"},
                    BeneathCase{"ALinkToTheRoot", "to-root/secret", "the inside's own"},
                    BeneathCase{"TheHostsFile", "/etc/passwd", ""},
                    BeneathCase{"AnAbsoluteLink", "absolute-to-folder/file", ""},
                    BeneathCase{"ALinkToItself", "to-itself", ""}, BeneathCase{"Absent", "absent", ""}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(TreeWithLinks, OpenBeneathFollowsNoMagicLinkOfProc) {
  const auto own = open_directory("/proc/self");
  ASSERT_TRUE(own.ok());
  EXPECT_FALSE(open_beneath(own->get(), "root/etc/passwd", O_RDONLY).ok());
  EXPECT_FALSE(open_beneath(own->get(), "exe", O_RDONLY).ok());
}

/// Swaps a folder for a link out of the tree and back, as fast as it can, while it lives.
class Swapper {
 public:
  Swapper(const Path& folder, const Path& link)
      : thread_([folder, link](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            (void)::renameat2(AT_FDCWD, folder.c_str(), AT_FDCWD, link.c_str(), RENAME_EXCHANGE);
          }
        }) {}

 private:
  std::jthread thread_;
};

class OpeningInARace : public TreeWithLinks {
 protected:
  OpeningInARace() {
    (void)put("inside/a/b/name", "inside");
    (void)put("outside/b/name", "outside");
    link("../outside", "inside/link");
  }
  // How often each text was read.
  template <typename Open>
  std::map<std::string, int> outcomes(Open open) {
    std::map<std::string, int> counts;
    const Swapper swapper(at("inside/a"), at("inside/link"));
    for (int i = 0; i < 3000 || (counts["inside"] == 0 && i < 1'000'000); ++i) {
      const Fd fd = open();
      ++counts[fd ? read_all(fd.get()).value_or("") : std::string(::strerrorname_np(errno))];
    }
    return counts;
  }
};

TEST_F(OpeningInARace, NeverLeavesTheTreeStrictly) {
  auto counts = outcomes([&] { return open_strictly(root_.get(), "a/b/name", O_RDONLY); });
  EXPECT_GT(counts["inside"], 0);
  EXPECT_EQ(counts["outside"], 0);
  EXPECT_EQ(counts["EXDEV"] + counts["EAGAIN"], 0) << testing::PrintToString(counts);
}

TEST_F(OpeningInARace, NeverLeavesTheTreeByDotDot) {
  auto counts = outcomes([&] { return open_strictly(root_.get(), "a/b/../b/../../a/b/name", O_RDONLY); });
  EXPECT_GT(counts["inside"], 0);
  EXPECT_EQ(counts["outside"], 0);
  EXPECT_EQ(counts["EAGAIN"], 0) << "what a rename disturbed is tried again";
}

TEST_F(OpeningInARace, NeverLeavesTheTreeByALinkThatIsFollowed) {
  auto counts = outcomes([&] {
    auto opened = open_beneath(root_.get(), "a/b/../b/name", O_RDONLY);
    errno = ENOENT;
    return opened.ok() ? std::move(opened).value() : Fd();
  });
  EXPECT_GT(counts["inside"], 0);
  EXPECT_EQ(counts["outside"], 0);
}

}  // namespace
}  // namespace base
