#include <gtest/gtest.h>

#include "lint_fixture.h"
#include "workflow/lint/pattern_problems.h"
#include "workflow/lint/time_zone_names.h"

namespace workflow::lint {
namespace {

bool is_good(std::string_view pattern, PatternKind kind) {
  return problems_of_pattern(pattern, kind).empty();
}

TEST(FilterPatterns, TakeWhatTheDocumentationShows) {
  for (const auto* pattern :
       {"feature/*", "feature/**", "main", "**", "*", "*feature", "v2*", "v[12].[0-9]+.[0-9]+",
        "!releases/**-alpha", "v1.?", "$default-branch", "\\!important"})
    EXPECT_TRUE(is_good(pattern, PatternKind::ref)) << pattern;
  for (const auto* pattern :
       {"*.jsx?", "**.js", "docs/*", "docs/**/*.md", "**/*-post.md", "!README.md", "a\\b",
        "."
        "github/**"})
    EXPECT_TRUE(is_good(pattern, PatternKind::path)) << pattern;
}

TEST(FilterPatterns, RefuseWhatNoRefIsCalled) {
  for (const auto* pattern : {"^main$", "a b", "a~1", "refs:heads", "/main", "main/", "main.", "a..b", "a//b",
                              "x.lock", "feature/.hidden", "v\\d+", "a\\*b", "a@{b"})
    EXPECT_FALSE(is_good(pattern, PatternKind::ref)) << pattern;
}

TEST(FilterPatterns, RefuseWhatHasNothingToRepeat) {
  for (const auto* pattern : {"?a", "+a", "*+", "a?+", "!?"})
    EXPECT_FALSE(is_good(pattern, PatternKind::text)) << pattern;
  EXPECT_TRUE(is_good("[0-9]+", PatternKind::text));
}

TEST(FilterPatterns, RefuseRangesThatSayNothing) {
  for (const auto* pattern : {"[", "[]", "[x]", "[9-0]", "[0-]", "v[0-9"})
    EXPECT_FALSE(is_good(pattern, PatternKind::path)) << pattern;
}

TEST(FilterPatterns, RefusePathsThatDoNotBeginAtTheRoot) {
  for (const auto* pattern : {"./src/**", "../src", "a/../b", " a", "a ", "a\n", "."})
    EXPECT_FALSE(is_good(pattern, PatternKind::path)) << pattern;
}

TEST(TriggerRules, PointAtThePattern) {
  EXPECT_EQ(said_by("glob", with_triggers("  push:\n    branches: [main, '^dev']\n")),
            "3:22: the pattern '^dev' is wrong: the name of a branch or tag never holds '^'; patterns are no "
            "regular "
            "expressions\n");
}

TEST(TriggerRules, WarnOfFiltersThatOnlyTakeAway) {
  EXPECT_NE(said_by("negated-filter", with_triggers("  push:\n    paths: ['!docs/**']\n")), "");
  EXPECT_EQ(said_by("negated-filter", with_triggers("  push:\n    paths: ['**', '!docs/**']\n")), "");
}

TEST(TriggerRules, KnowTheActivityTypesOfEachEvent) {
  EXPECT_EQ(said_by("events", with_triggers("  issues:\n    types: [opened, reopend, opened]\n")),
            "3:21: the event 'issues' has no activity type 'reopend'; did you mean 'reopened'?\n"
            "3:30: the activity type 'opened' is listed twice\n");
  EXPECT_EQ(said_by("events", with_triggers("  fork:\n    types: created\n")),
            "3:12: the event 'fork' has no activity types; leave out 'types'\n");
  EXPECT_EQ(said_by("events", with_triggers("  repository_dispatch:\n    types: [anything]\n")), "");
}

TEST(TriggerRules, WantTheWorkflowsThatARunIsOf) {
  EXPECT_NE(said_by("events", with_triggers("  workflow_run:\n    types: [completed]\n")), "");
  EXPECT_EQ(said_by("events", with_triggers("  workflow_run:\n    workflows: [build]\n")), "");
}

TEST(TriggerRules, FindEventsThatAreListedTwice) {
  EXPECT_EQ(said_by("events", "on: [push, push]\njobs: {}\n"), "1:12: the event 'push' is listed twice\n");
}

std::string schedule(std::string_view lines) {
  return said_by("schedule", with_triggers(fmt::format("  schedule:\n{}", lines)));
}

TEST(TriggerRules, FindSchedulesThatAreTooFrequent) {
  EXPECT_EQ(schedule("    - cron: '*/4 * * * *'\n"),
            "3:13: '*/4 * * * *' runs every 4 minutes; GitHub starts a schedule every 5 minutes at most\n");
  EXPECT_NE(schedule("    - cron: '* * * * *'\n"), "");
  EXPECT_NE(schedule("    - cron: '0,3 * * * *'\n"), "");
  EXPECT_EQ(schedule("    - cron: '*/5 * * * *'\n"), "");
  EXPECT_EQ(schedule("    - cron: '10-50/20 3 * * MON'\n"), "");
}

TEST(TriggerRules, FindDaysThatNeverCome) {
  EXPECT_EQ(schedule("    - cron: '0 0 30 2 *'\n"),
            "3:13: '0 0 30 2 *' never runs: there is no such day in the year\n");
  EXPECT_EQ(schedule("    - cron: '0 0 29 2 *'\n"), "");
  EXPECT_EQ(schedule("    - cron: '0 0 31 4,5 *'\n"), "");
}

TEST(TriggerRules, KnowTheNamesOfTimeZones) {
  EXPECT_EQ(schedule("    - cron: '0 0 * * *'\n      timezone: Europe/Berln\n"),
            "4:17: 'Europe/Berln' is no time zone; did you mean 'Europe/Berlin'?\n");
  EXPECT_EQ(schedule("    - cron: '0 0 * * *'\n      timezone: America/Argentina/Ushuaia\n"), "");
  EXPECT_TRUE(is_time_zone_name("UTC"));
  EXPECT_FALSE(is_time_zone_name("europe/berlin"));
  EXPECT_FALSE(is_time_zone_name(""));
  for (const auto& name : time_zone_names()) EXPECT_TRUE(is_time_zone_name(name)) << name;
}

TEST(TriggerRules, FindASchedulesWithoutTimes) {
  EXPECT_NE(said_by("schedule", "on: schedule\njobs: {}\n"), "");
  EXPECT_NE(said_by("schedule", "on: [push, schedule]\njobs: {}\n"), "");
}

TEST(TriggerRules, FindInputsThatContradictThemselves) {
  EXPECT_EQ(said_by("inputs",
                    with_triggers("  workflow_dispatch:\n    inputs:\n      level:\n        type: choice\n"
                                  "        options: [low, high, low]\n")),
            "6:30: the option 'low' is listed twice\n");
  EXPECT_NE(said_by("inputs", with_triggers("  workflow_dispatch:\n    inputs:\n      level:\n"
                                            "        options: [low]\n")),
            "");
  EXPECT_NE(
      said_by("inputs", with_triggers("  workflow_call:\n    inputs:\n      level:\n        type: string\n"
                                      "        required: true\n        default: low\n")),
      "");
  EXPECT_EQ(said_by("inputs", with_triggers("  workflow_dispatch:\n    inputs:\n      level:\n"
                                            "        required: true\n        default: low\n")),
            "");
}

TEST(TriggerRules, AllowTwentyFiveInputs) {
  const auto inputs = [](int count) {
    std::string lines = "  workflow_dispatch:\n    inputs:\n";
    for (int i = 0; i < count; ++i) lines += fmt::format("      input{}: {{type: string}}\n", i);
    return said_by("inputs", with_triggers(lines));
  };
  EXPECT_EQ(inputs(25), "");
  EXPECT_EQ(inputs(26), "2:3: 'workflow_dispatch' takes at most 25 inputs; there are 26\n");
}

TEST(TriggerRules, FindKeysThatGitHubReadsPast) {
  EXPECT_EQ(said_by("ignored-key", with_triggers("  workflow_dispatch:\n    branches: [main]\n")),
            "3:5: GitHub reads past 'branches': 'workflow_dispatch' has no key but 'inputs'\n");
}

TEST(TriggerRules, SayWhichKeyWasMeant) {
  EXPECT_EQ(said_by("syntax", with_triggers("  push:\n    branch: [main]\n")),
            "3:5: Unexpected value 'branch'; did you mean 'branches'?\n");
  EXPECT_EQ(said_by("syntax", with_triggers("  pullrequest:\n")),
            "2:3: Unexpected value 'pullrequest'; did you mean 'pull_request'?\n");
}

}  // namespace
}  // namespace workflow::lint
