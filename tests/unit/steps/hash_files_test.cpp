#include "steps/hash_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/crypto.h"
#include "job_fixture.h"
#include "steps/glob_pattern.h"

namespace steps {
namespace {

using ::testing::HasSubstr;

class HashFiles : public JobFixture {
 protected:
  std::string of(const std::vector<std::string>& arguments) {
    auto digest = hash_files(job_.folders, arguments);
    return digest ? *digest : "error: " + digest.error().message;
  }
  /// Of files with these contents, in this order.
  static std::string digest_of(const std::vector<std::string>& contents) {
    std::string all;
    for (const auto& content : contents) {
      const auto digest = base::sha256(content);
      all += base::as_text(digest);
    }
    return base::sha256_hex(all);
  }
  void link(const std::string& target, const std::string& relative) {
    std::filesystem::create_symlink(target, job_.folders.workspace.host / relative);
  }
};

TEST_F(HashFiles, GivesWhatTheHostedRunnerGives) {
  write("a/lock.txt", "1");
  write("b/lock.txt", "2");
  // Computed by the runner's own hashFiles over the same files.
  EXPECT_EQ(of({"**/lock.txt"}), "4295f72eeb1e3507b8461e240e3b8d18c1e7bd2f1122b11fc9ec40a65894031a");
  EXPECT_EQ(of({"b/lock.txt"}), "0c08173828583fc6ecd6ecdbcca7b6939c49c242ad5107e39deb7b0a5996b903");
}

TEST_F(HashFiles, GoesDepthFirstByBytesOfNames) {
  write("a/x", "1");
  write("a.txt", "2");
  write("B", "3");
  write("a-/x", "4");
  // As whole paths "a-/x" and "a.txt" would come before "a/x".
  EXPECT_EQ(of({"**"}), digest_of({"3", "1", "4", "2"}));
}

TEST_F(HashFiles, TakesSearchPathsInTheOrderOfThePatterns) {
  write("a/x", "1");
  write("b/x", "2");
  EXPECT_EQ(of({"b/*", "a/*"}), digest_of({"2", "1"}));
  EXPECT_EQ(of({"b/*\na/*"}), digest_of({"2", "1"}));
  // One search path above another takes its place.
  EXPECT_EQ(of({"b/*", "*/x"}), digest_of({"1", "2"}));
  EXPECT_EQ(of({"a/x", "a/x", "a"}), digest_of({"1"}));
}

TEST_F(HashFiles, LetsLaterPatternsTakeFilesOutAndInAgain) {
  write("a/x", "1");
  write("a/y", "2");
  write("a/z/x", "3");
  EXPECT_EQ(of({"a", "!a/y"}), digest_of({"1", "3"}));
  EXPECT_EQ(of({"a", "!a/z"}), digest_of({"1", "2"}));
  EXPECT_EQ(of({"a", "!**/x", "a/z/*"}), digest_of({"2", "3"}));
  EXPECT_EQ(of({"!a/y", "a"}), digest_of({"1", "2", "3"}));
  EXPECT_EQ(of({"!!a/y"}), digest_of({"2"}));
  EXPECT_EQ(of({"!a"}), "");
}

TEST_F(HashFiles, TakesWhatIsBelowAFolderAndHiddenFilesToo) {
  write("a/.hidden/x", "1");
  write("a/y", "2");
  EXPECT_EQ(of({"a"}), digest_of({"1", "2"}));
  EXPECT_EQ(of({"a/"}), digest_of({"1", "2"}));
  EXPECT_EQ(of({"./a/*/"}), digest_of({"1"}));
  EXPECT_EQ(of({"*"}), digest_of({"1", "2"}));
  EXPECT_EQ(of({"a/y/"}), "");
  EXPECT_EQ(of({"a/y/**"}), digest_of({"2"}));
  EXPECT_EQ(of({job_.folders.workspace.inside + "/a/y"}), digest_of({"2"}));
  EXPECT_EQ(of({job_.folders.workspace.inside}), digest_of({"1", "2"}));
  EXPECT_EQ(of({"/**/y"}), digest_of({"2"}));
}

TEST_F(HashFiles, ReadsEscapesAndClassesAsMinimatchDoes) {
  write("[x]", "1");
  write("x", "2");
  write("*", "3");
  write("y", "4");
  write("a b", "5");
  EXPECT_EQ(of({"[x]"}), digest_of({"2"}));
  EXPECT_EQ(of({"\\[x\\]"}), digest_of({"1"}));
  EXPECT_EQ(of({"[[]x]"}), digest_of({"1"}));
  EXPECT_EQ(of({"[*]"}), digest_of({"3"}));
  EXPECT_EQ(of({"[x-z]"}), digest_of({"2", "4"}));
  EXPECT_EQ(of({"[!x-z]"}), digest_of({"3"}));
  EXPECT_EQ(of({"[[:alpha:]]"}), digest_of({"2", "4"}));
  EXPECT_EQ(of({"a?b"}), digest_of({"5"}));
  EXPECT_EQ(of({"{x,y}"}), "");
  EXPECT_EQ(of({"@(x|y)"}), "");
  EXPECT_EQ(of({"[z-x]"}), "");
  EXPECT_EQ(of({"??"}), "");
}

TEST_F(HashFiles, SkipsCommentsAndEmptyLines) {
  write("#a", "1");
  write("b", "2");
  EXPECT_EQ(of({"#a", "", "  b  ", "\t"}), digest_of({"2"}));
  EXPECT_EQ(of({"\\#a"}), digest_of({"1"}));
  EXPECT_EQ(of({""}), "");
  EXPECT_EQ(of({"none"}), "");
}

TEST_F(HashFiles, RefusesWhatTheToolkitRefuses) {
  EXPECT_THAT(of({"../x"}), HasSubstr("error: hashFiles: the pattern '../x' is invalid: '.' and '..'"));
  EXPECT_THAT(of({"a/./x"}), HasSubstr("error"));
  EXPECT_THAT(of({"a/../x"}), HasSubstr("error"));
  EXPECT_THAT(of({"!"}), HasSubstr("it names nothing"));
  EXPECT_THAT(of({"--follow", "x"}),
              HasSubstr("there is no option '--follow'; expected --follow-symbolic-links"));
  // Only the first argument is an option.
  EXPECT_EQ(of({"x", "--follow"}), "");
}

TEST_F(HashFiles, ReadsWhatLinksToFilesLeadTo) {
  write("a/x", "1");
  link("a/x", "to_file");
  link("a", "to_folder");
  link(job_.folders.workspace.inside + "/a/x", "absolute");
  EXPECT_EQ(of({"to_file"}), digest_of({"1"}));
  EXPECT_EQ(of({"absolute"}), digest_of({"1"}));
  EXPECT_EQ(of({"to_folder"}), "");
  EXPECT_EQ(of({"to_folder/x"}), digest_of({"1"}));
  EXPECT_EQ(of({"--follow-symbolic-links", "to_folder"}), digest_of({"1"}));
  EXPECT_EQ(of({"--Follow-Symbolic-Links", "**/x"}), digest_of({"1", "1"}));
}

TEST_F(HashFiles, FailsOnLinksThatLeadNowhereOrOutOfTheWorkspace) {
  write("x", "1");
  link("gone", "broken");
  link("/etc/hostname", "out");
  link("../scratch", "up");
  link("loop", "loop");
  EXPECT_EQ(of({"x"}), digest_of({"1"}));
  EXPECT_THAT(of({"broken"}),
              HasSubstr("error: hashFiles: cannot read 'broken': it is a link that leads nowhere"));
  EXPECT_THAT(of({"out"}), HasSubstr("cannot read 'out': it is a link out of the workspace"));
  EXPECT_THAT(of({"up"}), HasSubstr("out of the workspace"));
  EXPECT_THAT(of({"loop"}), HasSubstr("leads nowhere"));
  EXPECT_EQ(of({"--follow-symbolic-links", "broken", "x"}), digest_of({"1"}));
  EXPECT_THAT(of({"--follow-symbolic-links", "loop"}), HasSubstr("leads nowhere"));
  EXPECT_THAT(of({"x/y"}), HasSubstr("cannot read 'x/y': Not a directory"));
  EXPECT_EQ(of({"gone/y"}), "");
}

TEST_F(HashFiles, FollowsNoCircle) {
  write("a/x", "1");
  link("..", "a/up");
  EXPECT_EQ(of({"--follow-symbolic-links", "**/x"}), digest_of({"1"}));
}

TEST_F(HashFiles, WaitsForNoPipe) {
  ASSERT_EQ(::mkfifo((job_.folders.workspace.host / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(of({"*"}), HasSubstr("cannot read 'pipe': it is no file"));
}

TEST_F(HashFiles, TakesNoExponentialTime) {
  std::string name(200, 'a');
  write(name, "1");
  std::string stars;
  for (int i = 0; i < 100; ++i) stars += "*a";
  EXPECT_EQ(of({stars + "b"}), "");
  std::string gaps;
  for (int i = 0; i < 500; ++i) gaps += "**/*/";
  EXPECT_EQ(of({gaps + "b"}), "");
}

}  // namespace
}  // namespace steps
