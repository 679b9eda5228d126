#include "workflow/filter_pattern.h"

#include <gtest/gtest.h>

namespace workflow {
namespace {

struct Row {
  std::string pattern;
  std::vector<std::string> matching;
  std::vector<std::string> others;
};
void PrintTo(const Row& row, std::ostream* out) {
  *out << row.pattern;
}

class FilterPattern : public testing::TestWithParam<Row> {};

TEST_P(FilterPattern, MatchesWholeNames) {
  const auto& [pattern, matching, others] = GetParam();
  for (const auto& text : matching) EXPECT_TRUE(filter_pattern_matches(pattern, text)) << text;
  for (const auto& text : others) EXPECT_FALSE(filter_pattern_matches(pattern, text)) << text;
}

// The cheat sheet of GitHub's documentation, with names beside each that must not match.
INSTANTIATE_TEST_SUITE_P(
    CheatSheet, FilterPattern,
    testing::Values(
        Row{"feature/*",
            {"feature/my-branch", "feature/your-branch", "feature/"},
            {"feature/a/b", "feature"}},
        Row{"feature/**",
            {"feature/beta-a/my-branch", "feature/mona/the/octocat"},
            {"features/a", "feature"}},
        Row{"releases/mona-the-octocat", {"releases/mona-the-octocat"}, {"releases/mona-the-octocat-2"}},
        Row{"*", {"main", "releases", "README.md"}, {"all/the/branches"}},
        Row{"**", {"all/the/branches", "every/tag", "main"}, {}},
        Row{"*feature", {"mona-feature", "feature", "ver-10-feature"}, {"feature-1", "a/feature"}},
        Row{"v2*", {"v2", "v2.0", "v2.9"}, {"v1", "V2", "v2/a"}},
        Row{"v[12].[0-9]+.[0-9]+", {"v1.10.1", "v2.0.0"}, {"v3.0.0", "v1..1", "v1.0", "v1.0.0-a"}},
        Row{"*.jsx?", {"page.js", "page.jsx"}, {"page.jsxx", "page.ts", "a/page.js"}},
        Row{"**.js", {"index.js", "js/index.js", "src/js/app.js"}, {"index.jsx"}},
        Row{"docs/*", {"docs/README.md", "docs/file.txt"}, {"docs/a/b", "a/docs/b"}},
        Row{"docs/**", {"docs/README.md", "docs/mona/octocat.txt"}, {"a/docs/b"}},
        Row{"docs/**/*.md",
            {"docs/README.md", "docs/mona/hello-world.md", "docs/a/markdown/file.md"},
            {"docs/a.txt"}},
        Row{"**/docs/**",
            {"docs/hello.md", "dir/docs/my-file.txt", "space/docs/plan/space.doc"},
            {"adocs/a", "docs"}},
        Row{"**/README.md", {"README.md", "js/README.md"}, {"xREADME.md", "readme.md"}},
        Row{"**/*src/**", {"a/src/app.js", "my-src/code/js/app.js"}, {"src2/a"}},
        Row{"**/*-post.md", {"my-post.md", "path/their-post.md"}, {"my-post.mdx"}},
        Row{"**/migrate-*.sql",
            {"migrate-10909.sql", "db/migrate-v1.0.sql", "db/sept/migrate-v1.sql"},
            {"migrate.sql"}}));

INSTANTIATE_TEST_SUITE_P(
    Corners, FilterPattern,
    testing::Values(Row{"\\!file", {"!file"}, {"file", "\\!file"}},
                    Row{"escape\\\\backslash", {"escape\\backslash"}, {"escapebackslash"}},
                    Row{"\\*", {"*"}, {"a", ""}}, Row{".yml", {".yml"}, {"fyml"}},
                    Row{"a+", {"a", "aaa"}, {"", "b"}}, Row{"ab?", {"a", "ab"}, {"abb"}},
                    Row{"+a", {"+a"}, {"a"}}, Row{"?a", {"?a"}, {"a"}},
                    Row{"[CB]at", {"Cat", "Bat"}, {"cat", "at"}}, Row{"[1-2]00", {"100", "200"}, {"300"}},
                    Row{"[a", {"[a"}, {"a"}}, Row{"Main", {"Main"}, {"main"}}, Row{"", {""}, {"a"}},
                    Row{"a.c", {"a.c"}, {"abc"}}));

TEST(Filters, LetTheLastPatternThatMatchesDecide) {
  const std::vector<std::string> but_one{"*.md", "!README.md"};
  EXPECT_TRUE(filter_matches(but_one, "hello.md"));
  EXPECT_FALSE(filter_matches(but_one, "README.md"));
  EXPECT_FALSE(filter_matches(but_one, "docs/hello.md"));
  const std::vector<std::string> again{"*.md", "!README.md", "README*"};
  EXPECT_TRUE(filter_matches(again, "README.md"));
  EXPECT_TRUE(filter_matches(again, "README.doc"));
  EXPECT_FALSE(filter_matches({"!README.md", "*.txt"}, "README.md"));
  EXPECT_TRUE(filter_matches({"!README.md", "*.md"}, "README.md"));
}

TEST(Filters, OfOnlyNegativePatternsMatchNothing) {
  EXPECT_FALSE(filter_matches({"!docs/**"}, "src/a"));
  EXPECT_FALSE(filter_matches({"!docs/**"}, "docs/a"));
}

TEST(Filters, ToIgnoreKeepOutWhatTheyMatch) {
  EXPECT_FALSE(passes_filter({}, {"docs/**"}, "docs/a"));
  EXPECT_TRUE(passes_filter({}, {"docs/**"}, "src/a"));
  EXPECT_TRUE(passes_filter({}, {"docs/**", "!docs/keep"}, "docs/keep"));
  EXPECT_TRUE(passes_filter({}, {}, "anything"));
}

TEST(FilterPatterns, TakeNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "**a+";
  EXPECT_FALSE(filter_pattern_matches(pattern, std::string(3000, 'a') + "b"));
  EXPECT_FALSE(filter_pattern_matches(std::string(5000, '*'), "a"));
}

}  // namespace
}  // namespace workflow
