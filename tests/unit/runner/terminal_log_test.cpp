#include "runner/terminal_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/json.h"

namespace runner {
namespace {

using steps::LineKind;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

RunEvent event(const std::string& type, const std::string& job, const std::string& text,
               const base::Json& details = base::Json::object()) {
  return {.time = base::from_epoch_seconds(1767323045.25),
          .type = type,
          .job = job,
          .text = text,
          .details = std::make_shared<const base::Json>(details)};
}
RunEvent line(const std::string& job, const std::string& text, LineKind kind = LineKind::output) {
  auto made = event("line", job, text);
  made.kind = kind;
  return made;
}
RunEvent annotation(const std::string& job, const std::string& text, LineKind kind) {
  auto made = line(job, text, kind);
  made.type = "annotation";
  return made;
}
RunEvent started(const std::string& job, const std::string& step) {
  return event("step_started", job, step);
}
RunEvent finished(const std::string& job, const std::string& step, const std::string& conclusion,
                  double milliseconds = 12) {
  return event("step_finished", job, step, {{"conclusion", conclusion}, {"milliseconds", milliseconds}});
}
RunEvent job_finished(const std::string& job, const std::string& conclusion, double milliseconds = 1500,
                      const std::string& reason = "") {
  return event("job_finished", job, conclusion, {{"milliseconds", milliseconds}, {"reason", reason}});
}
RunEvent run_finished(const std::string& conclusion, double milliseconds = 63'000) {
  return event("run_finished", "", conclusion, {{"milliseconds", milliseconds}});
}

/// What the events put on the terminal.
std::string shown(const std::vector<RunEvent>& events, TerminalOptions options = {}) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* stream = ::open_memstream(&text, &size);
  options.out = stream;
  TerminalLog log(options);
  for (const auto& each : events) log(each);
  std::fclose(stream);
  std::string result(text, size);
  std::free(text);
  return result;
}

TEST(TerminalLog, ShowsEachLineUnderTheNameOfItsStep) {
  EXPECT_EQ(shown({started("build", "Compile"), line("build", "one"), line("build", "two"),
                   finished("build", "Compile", "success", 4200)}),
            "build ┌ Compile\n"
            "build │ one\n"
            "build │ two\n"
            "build └ ✓ Compile  4.2s\n");
}

TEST(TerminalLog, PadsTheNamesOfJobsToOneWidth) {
  EXPECT_EQ(
      shown({line("a", "one"), line("build", "two"), line("longer-than-it", "three")}, {.job_width = 5}),
      "a     │ one\nbuild │ two\nlonger-than-it │ three\n");
}

TEST(TerminalLog, ShowsAStepWithoutOutputByItsNameAndItsEnd) {
  EXPECT_EQ(shown({started("a", "Quiet"), finished("a", "Quiet", "failure")}),
            "a ┌ Quiet\na └ ✗ Quiet  12ms\n");
}

TEST(TerminalLog, ShowsASkippedStepInOneLine) {
  EXPECT_EQ(shown({started("a", "Deploy"), finished("a", "Deploy", "skipped", 0)}), "a ○ Deploy\n");
  EXPECT_EQ(shown({started("a", "Deploy"),
                   {.type = "step_skipped", .job = "a", .text = "a step before it failed"},
                   finished("a", "Deploy", "skipped", 0)}),
            "a ○ Deploy: a step before it failed\n");
}

TEST(TerminalLog, ShowsTheEndOfASkippedStepThatSaidSomething) {
  EXPECT_EQ(shown({started("a", "Deploy"), line("a", "why"), finished("a", "Deploy", "skipped", 0)}),
            "a ┌ Deploy\na │ why\na └ ○ Deploy  0ms\n");
}

TEST(TerminalLog, KeepsTheStepsOfJobsThatRunAtOnceApart) {
  EXPECT_EQ(shown({started("a", "One"), started("b", "Two"), line("b", "of b"), line("a", "of a")}),
            "b ┌ Two\nb │ of b\na ┌ One\na │ of a\n");
}

TEST(TerminalLog, ShowsTheStartAndTheEndOfJobsWithTheReason) {
  EXPECT_EQ(shown({event("job_started", "a", "A"), job_finished("a", "success"),
                   job_finished("b", "skipped", 0, "it needs 'c', which ended in failure"),
                   job_finished("d", "cancelled"), job_finished("e", "failure")}),
            "a ▶ started\n"
            "a ✓ success\n"
            "b ○ skipped: it needs 'c', which ended in failure\n"
            "d ◌ cancelled\n"
            "e ✗ failure\n");
}

TEST(TerminalLog, NamesTheLevelOfAnnotationsBeforeTheirFirstLine) {
  EXPECT_EQ(shown({annotation("a", "broken\nat two places", LineKind::error),
                   annotation("a", "old", LineKind::warning), annotation("a", "new", LineKind::notice)}),
            "a │ Error: broken\na │ at two places\na │ Warning: old\na │ Notice: new\n");
}

TEST(TerminalLog, ShowsGroupsByTheirTitleOnly) {
  EXPECT_EQ(shown({line("a", "Run make", LineKind::group), line("a", "cc", LineKind::output),
                   line("a", "", LineKind::endgroup)}),
            "a │ Run make\na │ cc\n");
}

TEST(TerminalLog, ShowsDebugLinesOnlyWhenAsked) {
  const std::vector<RunEvent> events = {started("a", "S"), line("a", "deep", LineKind::debug)};
  EXPECT_EQ(shown(events), "");
  EXPECT_EQ(shown(events, {.debug = true}), "a ┌ S\na │ deep\n");
}

TEST(TerminalLog, PutsTimesAndTagsIntoThePlainFormat) {
  EXPECT_EQ(shown({line("a", "Run make", LineKind::group), line("a", "cc"), line("a", "", LineKind::endgroup),
                   annotation("a", "broken", LineKind::error), line("a", "make", LineKind::command)},
                  {.timestamps = true}),
            "a 2026-01-02T03:04:05.250Z ##[group]Run make\n"
            "a 2026-01-02T03:04:05.250Z cc\n"
            "a 2026-01-02T03:04:05.250Z ##[endgroup]\n"
            "a 2026-01-02T03:04:05.250Z ##[error]broken\n"
            "a 2026-01-02T03:04:05.250Z ##[command]make\n");
}

TEST(TerminalLog, GivesEveryLineOfAnAnnotationATimeInThePlainFormat) {
  EXPECT_EQ(shown({annotation("a", "one\ntwo", LineKind::error)}, {.timestamps = true}),
            "a 2026-01-02T03:04:05.250Z ##[error]one\na 2026-01-02T03:04:05.250Z two\n");
}

TEST(TerminalLog, UsesColoursOnlyWhenTold) {
  const std::vector<RunEvent> events = {event("run_started", "", "CI", {{"about", "push"}}),
                                        event("job_started", "a", "A"),
                                        started("a", "S"),
                                        annotation("a", "broken", LineKind::error),
                                        finished("a", "S", "failure"),
                                        job_finished("a", "failure"),
                                        run_finished("failure")};
  EXPECT_THAT(shown(events), Not(HasSubstr("\x1b")));
  const auto coloured = shown(events, {.color = Color::always});
  EXPECT_THAT(coloured, HasSubstr("\x1b[36ma\x1b[0m"));
  EXPECT_THAT(coloured, HasSubstr("\x1b[31mError: broken\x1b[0m"));
  EXPECT_THAT(coloured, HasSubstr("\x1b[31m✗\x1b[0m"));
  EXPECT_THAT(coloured, HasSubstr("\x1b[1mCI\x1b[0m push"));
}

TEST(TerminalLog, LetsColoursAndTextOfAllLanguagesThrough) {
  const std::string text = "\x1b[31mred\x1b[0m \x1b[1;38;5;4mblue\x1b[m\ttab grün ✛ 日本語 😀 \xc2\xa0";
  EXPECT_EQ(shown({line("a", text)}), "a │ " + text + "\n");
}

/// What would move the cursor, clear the screen, retitle the window or answer in the user's name.
const std::vector<std::string> kHarmful = {"\x1b[2J",
                                           "\x1b[1;1H",
                                           "\x1b[?1049h",
                                           "\x1b]0;title\x07",
                                           "\x1b]52;c;ZXZpbA==\x1b\\",
                                           "\x1b"
                                           "c",
                                           "\x1bP$q\x1b\\",
                                           "\r",
                                           "\b\b",
                                           "\x07",
                                           "\x7f",
                                           "\x1b",
                                           "\x1b[",
                                           "\x1b[31",
                                           "\xc2\x9b"
                                           "2J",
                                           "\xc2\x9d"
                                           "0;t\xc2\x9c",
                                           "\x9b"
                                           "2J",
                                           "\x1b\x1b[2J"};

bool is_harmless(const std::string& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f) return false;
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return false;
  }
  return text.find(
             "\x9b"
             "2J") == std::string::npos;
}

TEST(TerminalLog, LetsNoControlSequenceOfALineThrough) {
  for (const auto& harmful : kHarmful) {
    const auto text = shown({line("a", "<" + harmful + ">")});
    EXPECT_TRUE(is_harmless(text)) << ::testing::PrintToString(harmful) << " → "
                                   << ::testing::PrintToString(text);
    EXPECT_THAT(text, HasSubstr("<"));
    EXPECT_THAT(text, EndsWith(">\n"));
    EXPECT_TRUE(is_harmless(shown({line("a", harmful)}, {.timestamps = true})));
  }
}

TEST(TerminalLog, LetsNoControlSequenceOfAnythingElseThrough) {
  for (const auto& harmful : kHarmful) {
    const auto text = shown(
        {event("run_started", "", "CI " + harmful, {{"about", "push of " + harmful}}),
         event("job_started", "a " + harmful, "A"), started("a", "Step " + harmful),
         annotation("a", "broken " + harmful, LineKind::error), finished("a", "Step " + harmful, "success"),
         started("a", "Other " + harmful), finished("a", "Other " + harmful, "skipped"),
         job_finished("a", "failure", 1, "reason " + harmful),
         event("image_pushed", "a", "", {{"reference", harmful}, {"digest", harmful}}),
         event("deployment_finished", "a", "",
               {{"service", harmful}, {"status", harmful}, {"reason", harmful}, {"tasks_before", {harmful}}}),
         event("probe", "", "", {{"url", harmful}}), run_finished("failure")});
    EXPECT_TRUE(is_harmless(text)) << ::testing::PrintToString(harmful) << " → "
                                   << ::testing::PrintToString(text);
    EXPECT_THAT(text, HasSubstr("error a: broken"));
  }
}

TEST(TerminalLog, SummarisesJobsAndStepsWithTheirTimes) {
  const auto text = shown({event("job_started", "build", "build"), started("build", "Compile"),
                           finished("build", "Compile", "success", 4200), started("build", "Publish"),
                           finished("build", "Publish", "skipped", 0), job_finished("build", "success", 5000),
                           job_finished("deploy", "skipped", 0, "why not"), run_finished("success", 63'000)});
  const auto summary = text.substr(text.find("\nSummary\n"));
  EXPECT_EQ(summary,
            "\nSummary\n"
            "✓ build                                                             5.0s\n"
            "    ✓ Compile                                                       4.2s\n"
            "    ○ Publish                                                          -\n"
            "○ deploy                                                               -  why not\n"
            "\n"
            "success in 1m 03s\n");
}

TEST(TerminalLog, TellsOfAStepThatFailedAndMay) {
  const auto end = event("step_finished", "a", "Try", {{"outcome", "failure"}, {"conclusion", "success"}});
  const auto text = shown({started("a", "Try"), end, run_finished("success")});
  EXPECT_THAT(text, HasSubstr("! Try  0ms  failed, and may\n"));
  EXPECT_THAT(text.substr(text.find("\nSummary\n")), HasSubstr("    ! Try  "));
}

TEST(TerminalLog, CutsLongNamesInTheSummaryAlone) {
  const std::string name(100, 'x');
  const auto text = shown({started("a", name), finished("a", name, "success"), run_finished("success")});
  const auto summary = text.find("\nSummary\n");
  EXPECT_THAT(text.substr(0, summary), HasSubstr(name));
  EXPECT_THAT(text.substr(summary), HasSubstr("✓ " + std::string(55, 'x') + "…      12ms\n"));
}

TEST(TerminalLog, DoesNotRepeatTheNameOfAStep) {
  EXPECT_EQ(shown({started("a", "Run make"), line("a", "Run make", LineKind::group), line("a", "cc")}),
            "a ┌ Run make\n"
            "a │ cc\n");
}

TEST(TerminalLog, RepeatsErrorsAtTheEndButNotWarnings) {
  const auto text =
      shown({annotation("a", "broken", LineKind::error), annotation("b", "old", LineKind::warning),
             line("b", "printed", LineKind::error), run_finished("failure", 5)});
  EXPECT_THAT(text, EndsWith("\nSummary\nerror a: broken\n\nfailure in 5ms\n"));
}

TEST(TerminalLog, SummarisesImagesTheDeploymentAndItsProbe) {
  const auto text =
      shown({event("image_pushed", "a", "",
                   {{"reference", "host/shop:1"}, {"digest", "sha256:abc"}, {"size", 1'572'864}}),
             event("deployment_finished", "a", "",
                   {{"deployment_id", "ecs-svc/1"},
                    {"service", "shop"},
                    {"cluster", "main"},
                    {"status", "rolled back"},
                    {"reason", "tasks failed to start"},
                    {"tasks_before", {"t1", "t2"}},
                    {"tasks_after", base::Json::array()}}),
             event("probe", "", "",
                   {{"url", "http://x/"},
                    {"sent", 120},
                    {"failed", 2},
                    {"p50_ms", 1.25},
                    {"p99_ms", 9.5},
                    {"longest_gap_ms", 40.4}}),
             event("run_finished", "", "failure",
                   {{"milliseconds", 5}, {"next", {"log      /tmp/events.jsonl", "service  http://x/"}}})});
  EXPECT_THAT(text, HasSubstr("\nimage       host/shop:1\n            sha256:abc, 1.5 MiB\n"));
  EXPECT_THAT(text, HasSubstr("\ndeployment  ecs-svc/1 of service shop in main: rolled back\n"
                              "            tasks failed to start\n"
                              "tasks       before: t1, t2\n            after:  none\n"));
  EXPECT_THAT(text, HasSubstr("requests    120 sent to http://x/ during the rollout, 2 failed; "
                              "p50 1.2 ms, p99 9.5 ms, longest gap 40 ms\n"));
  EXPECT_THAT(text, EndsWith("failure in 5ms\n  log      /tmp/events.jsonl\n  service  http://x/\n"));
}

TEST(TerminalLog, LeavesOutTheRunnersOwnStepsAsLongAsTheyHaveNothingToTell) {
  const auto begin = event("step_started", "a", "Set up job", {{"by", "runner"}});
  const auto end = finished("a", "Set up job", "success");
  const std::vector<RunEvent> quiet{begin, line("a", "Machine name: 'm'", LineKind::detail),
                                    line("a", "Permissions", LineKind::group),
                                    line("a", "", LineKind::endgroup), end};
  EXPECT_EQ(shown(quiet), "");
  EXPECT_THAT(
      shown(quiet, {.timestamps = true}),
      AllOf(HasSubstr("┌ Set up job"), HasSubstr("Machine name: 'm'"), HasSubstr("##[group]Permissions")));
  auto telling = quiet;
  telling.insert(telling.end() - 1, line("a", "Download action repository 'o/r@v1'"));
  telling.push_back(run_finished("success"));
  EXPECT_THAT(shown(telling), AllOf(HasSubstr("a ┌ Set up job\na │ Download action repository"),
                                    HasSubstr("a └ ✓ Set up job"), HasSubstr("    ✓ Set up job")));
  EXPECT_THAT(shown({begin, finished("a", "Set up job", "failure"), run_finished("failure")}),
              AllOf(HasSubstr("✗ Set up job"), HasSubstr("    ✗ Set up job")));
}

TEST(TerminalLog, TakesEventsWithoutDetails) {
  RunEvent bare{.type = "job_finished", .job = "a", .text = "success"};
  RunEvent end{.type = "run_finished", .text = "success"};
  EXPECT_THAT(shown({bare, {.type = "step_finished", .job = "a", .text = "S"}, end}),
              HasSubstr("success in"));
  EXPECT_EQ(shown({event("something_new", "a", "text")}), "");
}

}  // namespace
}  // namespace runner
