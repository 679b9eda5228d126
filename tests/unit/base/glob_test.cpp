#include "base/glob.h"

#include <fnmatch.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace base {
namespace {

struct GlobCase {
  std::string pattern;
  std::string path;
  bool matches;
};
void PrintTo(const GlobCase& given, std::ostream* out) {
  *out << "'" << given.pattern << "' " << (given.matches ? "matches '" : "does not match '") << given.path
       << "'";
}

class Glob : public testing::TestWithParam<GlobCase> {};

TEST_P(Glob, MatchesWholePaths) {
  EXPECT_EQ(glob_matches(GetParam().pattern, GetParam().path), GetParam().matches);
}

INSTANTIATE_TEST_SUITE_P(TwoStars, Glob,
                         testing::Values(GlobCase{"**", "", true}, GlobCase{"**", "a/b/c", true},
                                         GlobCase{"**/c", "a/b/c", true}, GlobCase{"**/c", "c", true},
                                         GlobCase{"**/c", "a/bc", false}, GlobCase{"a/**/d", "a/d", true},
                                         GlobCase{"a/**/d", "a/b/c/d", true},
                                         GlobCase{"a/**/d", "a/bd", false}, GlobCase{"a/**", "a/b/c", true},
                                         GlobCase{"a/**", "a", false}, GlobCase{"a**c", "a/b/c", true},
                                         GlobCase{"**/*.go", "go.go", true},
                                         GlobCase{"**/go.sum", "x/y/go.sum", true},
                                         GlobCase{"**/**/x", "x", true}, GlobCase{"***", "a/b", true}));

// One star, '?' and classes: what the C library says of the same pattern is the judge.
class GlobLikeFnmatch : public testing::TestWithParam<const char*> {};

TEST_P(GlobLikeFnmatch, AgreesWithTheCLibrary) {
  const std::string pattern = GetParam();
  for (const char* path : {"",    "a",   "b",   "ab",  "abc",   "a/b",  "a/b/c", "/a",  "a/",  ".a",
                           "a.c", "a-c", "a]c", "a[c", "a\\c",  "a*c",  "a?c",   "a^c", "a!c", "-",
                           "]",   "[",   "[a",  "[a]", "axxxc", "a/xc", "Z",     "aZ",  "\\",  "ä"}) {
    const bool expected = ::fnmatch(pattern.c_str(), path, FNM_PATHNAME) == 0;
    EXPECT_EQ(glob_matches(pattern, path), expected) << "'" << pattern << "' over '" << path << "'";
  }
}

INSTANTIATE_TEST_SUITE_P(, GlobLikeFnmatch,
                         testing::Values("", "a", "*", "?", "a*", "*c", "a*c", "a?c", "a/*", "*/b", "*/*",
                                         "*/?/c", "[a-c]", "[!a-c]", "[^a-c]", "a[!x]c", "a[]]c", "a[!]]c",
                                         "a[a-]c", "a[-a]c", "[a-c][a-c]", "a[/]b", "a[!a]b", "a\\*c",
                                         "a\\?c", "\\a", "a\\\\c", "a[*]c", "a[?]c", "a[[]c", "[", "[a", "[]",
                                         "a[\\]]c", "a[\\*]c", "a[x\\-z]c", "*.*", ".*", "?*", "*?", "[z-a]",
                                         "a[]-]c"));

TEST(Glob, GivesUpOnNoPatternByRunningForever) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  EXPECT_FALSE(glob_matches(pattern + "b", std::string(2000, 'a')));
  pattern.clear();
  for (int i = 0; i < 100; ++i) pattern += "**/a";
  EXPECT_FALSE(glob_matches(pattern + "b", std::string(2000, 'a')));
  pattern.clear();
  std::string path;
  for (int i = 0; i < 1000; ++i) {
    pattern += "*[\\]";  // no class ever ends
    path += "[]";
  }
  EXPECT_TRUE(glob_matches(pattern, path));
  EXPECT_FALSE(glob_matches(pattern + "b", path));
}

TEST(Glob, MatchesNothingThatIsLongerThanAPathCanBe) {
  EXPECT_TRUE(glob_matches("**", std::string(4096, 'a')));
  EXPECT_FALSE(glob_matches("**", std::string(4097, 'a')));
  EXPECT_FALSE(glob_matches(std::string(4097, '*'), "a"));
}

}  // namespace
}  // namespace base
