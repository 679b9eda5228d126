#include "runner/live_tree.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/json.h"
#include "base/strings.h"
#include "runner/display_width.h"
#include "runner/github_log.h"
#include "runner/run_summary.h"
#include "runner/step_summaries.h"

namespace runner {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

TEST(DisplayWidth, CountsColumnsOfEveryKindOfCharacter) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("日本"), 4U);
  EXPECT_EQ(display_width("e\u0301"), 1U);
  EXPECT_EQ(display_width("👍🏽"), 4U);
  EXPECT_EQ(display_width("\x1b[31mred\x1b[0m"), 3U);
  EXPECT_EQ(display_width("a\tb"), 9U);
  EXPECT_EQ(display_width("\xff\xfe"), 2U);
  EXPECT_EQ(display_width("✓ ●"), 3U);
}

TEST(DisplayWidth, CutsByColumnsAndEndsColours) {
  EXPECT_EQ(cut_to_width("abcdef", 6, Color::always), "abcdef");
  EXPECT_EQ(cut_to_width("abcdefg", 6, Color::always), "abcde…");
  EXPECT_EQ(cut_to_width("日本語", 5, Color::always), "日本…");
  EXPECT_EQ(cut_to_width("日本語", 4, Color::always), "日…");
  EXPECT_EQ(cut_to_width("\x1b[31mabcdef", 4, Color::always), "\x1b[31mabc…\x1b[0m");
  EXPECT_EQ(cut_to_width("\x1b[31mabc", 4, Color::never), "abc");
  EXPECT_EQ(cut_to_width("a\tb", 20, Color::never), "a       b");
  EXPECT_EQ(cut_to_width("abc", 0, Color::never), "");
}

RunEvent event(const std::string& type, const std::string& job, const std::string& text, int step = 0,
               const base::Json& details = base::Json::object()) {
  RunEvent made{.time = base::from_epoch_seconds(1767323045.25),
                .type = type,
                .job = job,
                .step = step,
                .text = text,
                .details = std::make_shared<const base::Json>(details)};
  made.lines = count_lines(made);
  return made;
}

class LiveTreeTest : public testing::Test {
 protected:
  void take(const RunEvent& one) { tree_.take(one, now_); }
  std::vector<std::string> lines(std::size_t rows = 24, std::size_t columns = 60) {
    auto shown = tree_.lines({rows, columns}, now_);
    EXPECT_LT(shown.size(), rows);
    for (const auto& line : shown) EXPECT_LE(display_width(line), columns) << line;
    return shown;
  }
  void start_job(const std::string& job, const std::string& step) {
    take(event("job_started", job, ""));
    take(event("step_started", job, step, 1));
  }

  base::SteadyTime now_ = base::SteadyTime(std::chrono::hours(1));
  LiveTree tree_{3, Color::never};
};

TEST_F(LiveTreeTest, ShowsJobsStepsTimesAndTheLastLines) {
  start_job("build", "Check out");
  take(event("step_finished", "build", "Check out", 1, {{"conclusion", "success"}, {"milliseconds", 120.0}}));
  take(event("step_started", "build", "Compile", 2));
  for (const char* text : {"one", "two"}) take(event("line", "build", text, 2));
  now_ += std::chrono::milliseconds(2340);
  EXPECT_THAT(lines(), ElementsAre("● build  2.3s", "  ✓ Check out  120ms", "  ● Compile  2.3s", "    │ one",
                                   "    │ two", "1 running, 0 done, 2 waiting  2.3s"));
}

TEST_F(LiveTreeTest, LeavesOutMoreTheSmallerTheScreenIs) {
  for (const char* job : {"first", "second"}) {
    start_job(job, "Done before");
    take(event("step_finished", job, "Done before", 1, {{"conclusion", "success"}, {"milliseconds", 1.0}}));
    take(event("step_started", job, "Runs", 2));
    for (int i = 0; i < 9; ++i) take(event("line", job, "line " + std::to_string(i), 2));
  }
  EXPECT_THAT(lines(24), Contains(HasSubstr("line 3")));
  EXPECT_THAT(lines(24), Not(Contains(HasSubstr("line 2"))));
  EXPECT_THAT(lines(12), Contains(HasSubstr("line 8")));
  EXPECT_THAT(lines(8), Not(Contains(HasSubstr("Done before"))));
  EXPECT_THAT(lines(4), ElementsAre(StartsWith("● first › Runs"), StartsWith("● second › Runs"),
                                    StartsWith("2 running")));
  EXPECT_THAT(lines(3), ElementsAre("… and 2 more", StartsWith("2 running")));
}

TEST_F(LiveTreeTest, CutsWhatIsWiderThanTheScreen) {
  start_job("a-job-with-a-very-long-name-日本語日本語", std::string(300, 'x'));
  take(event("line", "a-job-with-a-very-long-name-日本語日本語", std::string(9000, 'y'), 1));
  for (const std::size_t columns : {1U, 2U, 5U, 20U, 80U}) lines(24, columns);
}

TEST_F(LiveTreeTest, ShowsTheRunnersOwnStepsWhileTheyRunAndKeepsThoseThatTellSomething) {
  const base::Json passed = {{"conclusion", "success"}, {"milliseconds", 5.0}};
  take(event("job_started", "build", ""));
  take(event("step_started", "build", "Set up job", 0, {{"by", "runner"}}));
  EXPECT_THAT(lines(), Contains(HasSubstr("● Set up job")));
  take(event("step_finished", "build", "Set up job", 0, passed));
  EXPECT_THAT(lines(), Not(Contains(HasSubstr("Set up job"))));
  take(event("step_started", "build", "Complete job", 0, {{"by", "runner"}}));
  take(event("line", "build", "Terminate orphan process", 0));
  take(event("step_finished", "build", "Complete job", 0, passed));
  EXPECT_THAT(lines(), Contains(HasSubstr("✓ Complete job")));
}

TEST_F(LiveTreeTest, ShowsAFinishedJobOnceAndNoMoreInTheTree) {
  start_job("build", "Compile");
  take(event("step_finished", "build", "Compile", 1, {{"conclusion", "failure"}, {"milliseconds", 900.0}}));
  take(event("job_finished", "build", "failure", 0, {{"milliseconds", 1200.0}}));
  take(event("job_finished", "deploy", "skipped", 0, {{"reason", "build failed"}}));
  EXPECT_THAT(tree_.finished_job("build", 60), ElementsAre("✗ build failure  1.2s", "  ✗ Compile  900ms"));
  EXPECT_THAT(tree_.finished_job("deploy", 60), ElementsAre("○ deploy skipped: build failed"));
  EXPECT_TRUE(lines().empty());
}

TEST(RunSummaryTest, KeepsTheLastFiftyLinesOfWhatFailed) {
  RunSummary summary;
  summary.take(event("step_started", "build", "Compile", 2));
  for (int i = 1; i <= 60; ++i) summary.take(event("line", "build", "line " + std::to_string(i), 2));
  summary.take(event("step_finished", "build", "Compile", 2, {{"conclusion", "failure"}}));
  const auto text = summary_of_failures(summary, Color::never);
  EXPECT_THAT(text, HasSubstr("✗ build › Compile\n  … 10 lines before these are in the log\n  line 11\n"));
  EXPECT_THAT(text, HasSubstr("line 60"));
  EXPECT_THAT(text, Not(HasSubstr("line 10\n")));
}

TEST(RunSummaryTest, NamesEachWarningOfAJobOnceAndNotTooMany) {
  RunSummary summary;
  const auto warn = [&](const std::string& job, const std::string& text) {
    auto warning = event("annotation", job, text, 1);
    warning.kind = steps::LineKind::warning;
    summary.take(warning);
  };
  EXPECT_THAT(summary_of_warnings(summary, Color::never), IsEmpty());
  warn("build (1)", "careful");
  warn("build (1)", "careful");
  warn("build (2)", "careful");
  warn("", "shown already");
  EXPECT_EQ(summary_of_warnings(summary, Color::never),
            "\nwarning build (1): careful\nwarning build (2): careful\n");
  for (int i = 0; i < 12; ++i) warn("test", std::to_string(i));
  EXPECT_THAT(summary_of_warnings(summary, Color::never),
              EndsWith("test: 7\n… 4 more warnings are in the log\n"));
}

TEST(RunSummaryTest, CountsTheLinesOfWholeBlocksOfOutput) {
  const auto left_out_of = [](const std::vector<std::string>& blocks) {
    RunSummary summary;
    summary.take(event("step_started", "build", "Compile", 2));
    for (const auto& block : blocks) summary.take(event("line", "build", block, 2));
    summary.take(event("step_finished", "build", "Compile", 2, {{"conclusion", "failure"}}));
    EXPECT_EQ(summary.failures.at(0).lines.last().back().text, "last");
    return std::pair(summary.failures.at(0).lines.left_out(), summary.failures.at(0).lines.last().size());
  };
  std::string many;
  for (int i = 1; i <= 69; ++i) many += fmt::format("line {}\n", i);
  EXPECT_EQ(left_out_of({many + "last"}), std::pair(std::size_t{20}, kLinesOfFailure));
  EXPECT_EQ(left_out_of({"first\nsecond", many + "last"}), std::pair(std::size_t{22}, kLinesOfFailure));
  EXPECT_EQ(left_out_of({many + "after", "\nlast"}), std::pair(std::size_t{22}, kLinesOfFailure));
  EXPECT_EQ(left_out_of({"", "last"}), std::pair(std::size_t{0}, std::size_t{2}));
}

TEST(RunSummaryTest, MakesControlCharactersHarmless) {
  const auto harmless = printable_event(event("line", "a\x1b[2Jb\nc", "x\x1b]0;title\x07y"));
  EXPECT_EQ(harmless.job.find('\x1b'), std::string::npos);
  EXPECT_EQ(harmless.job.find('\n'), std::string::npos);
  EXPECT_EQ(harmless.text.find('\x1b'), std::string::npos);
  EXPECT_EQ(harmless.text.find('\x07'), std::string::npos);
}

TEST(GithubLogTest, WritesJobStepTimeAndTaggedLines) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* stream = ::open_memstream(&text, &size);
  GithubLog log(stream, false);
  log(event("step_started", "build", "Run\tmake", 1));
  auto group = event("line", "build", "Run make", 1);
  group.kind = steps::LineKind::group;
  log(group);
  auto error = event("annotation", "build", "first\nsecond", 1);
  error.kind = steps::LineKind::error;
  log(error);
  auto debug = event("line", "build", "not asked for", 1);
  debug.kind = steps::LineKind::debug;
  log(debug);
  log(event("job_finished", "build", "failure"));
  std::fclose(stream);
  const std::string shown(text, size);
  std::free(text);  // NOLINT(cppcoreguidelines-no-malloc): open_memstream's
  EXPECT_EQ(shown,
            "build\tRun make\t2026-01-02T03:04:05.250Z ##[group]Run make\n"
            "build\tRun make\t2026-01-02T03:04:05.250Z ##[error]first\n"
            "build\tRun make\t2026-01-02T03:04:05.250Z second\n"
            "build\tComplete job\t2026-01-02T03:04:05.250Z Job failure\n");
}

TEST(StepSummariesTest, KeepsTwentyOfEachJob) {
  StepSummaries summaries;
  EXPECT_TRUE(summaries.empty());
  for (int i = 1; i <= 22; ++i)
    summaries(event("step_summary", "build", "", 0, {{"markdown", "summary " + std::to_string(i)}}));
  summaries(event("step_summary", "test", "", 0, {{"markdown", "# other\n"}}));
  const auto markdown = summaries.markdown();
  EXPECT_THAT(markdown, StartsWith("## build summary\n\nsummary 1\n"));
  EXPECT_THAT(markdown,
              HasSubstr("summary 20\n\n*2 more summaries of this job are not shown: 20 is the limit.*\n"));
  EXPECT_THAT(markdown, HasSubstr("\n## test summary\n\n# other\n"));
}

}  // namespace
}  // namespace runner
