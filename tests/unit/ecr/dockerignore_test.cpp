#include "ecr/dockerignore.h"

#include <gtest/gtest.h>

namespace ecr {
namespace {

struct IgnoreCase {
  const char* patterns;
  const char* path;
  bool excluded;
};

class DockerIgnoreTable : public testing::TestWithParam<IgnoreCase> {};

TEST_P(DockerIgnoreTable, Decides) {
  const auto ignore = DockerIgnore::parse(GetParam().patterns);
  ASSERT_TRUE(ignore.ok());
  EXPECT_EQ(ignore->excludes(GetParam().path), GetParam().excluded) << GetParam().path << " with:\n"
                                                                    << GetParam().patterns;
}

INSTANTIATE_TEST_SUITE_P(
    Table, DockerIgnoreTable,
    testing::Values(IgnoreCase{"", "a", false}, IgnoreCase{"# a\n", "a", false}, IgnoreCase{"a", "a", true},
                    IgnoreCase{"a", "a/b/c", true},  // all below a folder
                    IgnoreCase{"a", "b/a", false},   // a pattern starts at the root
                    IgnoreCase{"/a/", "a/x", true},  // slashes at the ends mean nothing
                    IgnoreCase{"./a//b", "a/b", true}, IgnoreCase{"x/../a", "a", true},
                    IgnoreCase{"  a  ", "a", true}, IgnoreCase{"*", "a", true},
                    IgnoreCase{"*.md", "README.md", true},
                    IgnoreCase{"*.md", "docs/README.md", false},  // * stops at a slash
                    IgnoreCase{"*/temp*", "a/temporary.txt", true}, IgnoreCase{"*/temp*", "a/b/temp", false},
                    IgnoreCase{"*/*/temp*", "a/b/temp", true}, IgnoreCase{"temp?", "tempa", true},
                    IgnoreCase{"temp?", "temp", false}, IgnoreCase{"**", "a/b", true},
                    IgnoreCase{"**/*.go", "x.go", true}, IgnoreCase{"**/*.go", "a/b/x.go", true},
                    IgnoreCase{"**/__pycache__", "a/__pycache__/x.pyc", true},
                    IgnoreCase{"a/**/z", "a/z", true}, IgnoreCase{"a/**/z", "a/b/c/z", true},
                    IgnoreCase{"a/**/z", "b/z", false}, IgnoreCase{"a/**", "a/b", true},
                    IgnoreCase{"[a-c]x", "bx", true}, IgnoreCase{"[^a-c]x", "bx", false},
                    IgnoreCase{"[^a-c]x", "dx", true}, IgnoreCase{"\\*", "*", true},
                    IgnoreCase{"\\*", "a", false}, IgnoreCase{"*\n!a", "a", false},
                    IgnoreCase{"*\n!a", "b", true}, IgnoreCase{"!a\n*", "a", true},  // the last match decides
                    IgnoreCase{"a\n!a/keep", "a/keep", false}, IgnoreCase{"a\n!a/keep", "a/other", true},
                    IgnoreCase{"a\n!a/keep", "a/keep/x", false},
                    IgnoreCase{"*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true},
                    IgnoreCase{"*.md\n!README*.md\nREADME-secret.md", "README-1.md", false}));

TEST(DockerIgnore, KnowsWhereAnExcludedFolderMayHoldMore) {
  const auto ignore = DockerIgnore::parse("node_modules\n!node_modules/keep/this\n");
  ASSERT_TRUE(ignore.ok());
  EXPECT_TRUE(ignore->may_include_below("node_modules"));
  EXPECT_TRUE(ignore->may_include_below("node_modules/keep"));
  EXPECT_FALSE(ignore->may_include_below("node_modules/other"));
  EXPECT_FALSE(ignore->may_include_below("src"));
}

TEST(DockerIgnore, RefusesAnExceptionOfNothing) {
  const auto ignore = DockerIgnore::parse("a\n!\n");
  ASSERT_FALSE(ignore.ok());
  EXPECT_EQ(ignore.error().message, "illegal exclusion pattern: \"!\": expected a name behind the !");
}

TEST(DockerIgnore, IsNotSlowOnAPatternMadeToBe) {
  std::string stars;
  for (int i = 0; i < 200; ++i) stars += "*a";
  const auto ignore = DockerIgnore::parse(stars + "b\n**/**/**/**/**/**/**/**/**/x\n");
  ASSERT_TRUE(ignore.ok());
  EXPECT_FALSE(ignore->excludes(std::string(5'000, 'a')));
  std::string path;
  for (int i = 0; i < 200; ++i) path += "d/";
  EXPECT_FALSE(ignore->excludes(path + "y"));
}

}  // namespace
}  // namespace ecr
