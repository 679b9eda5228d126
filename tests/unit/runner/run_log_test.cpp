#include "runner/run_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "base/json.h"

namespace runner {
namespace {

using ::testing::ElementsAre;

class RunLog : public ::testing::Test {
 protected:
  RunLogWriter writer(std::uint32_t attempt = 1) {
    auto opened = RunLogWriter::open(folder_.path(), attempt);
    EXPECT_TRUE(opened.ok());
    auto made = std::move(opened).value();
    const RunEvent started{
        .type = "run_started",
        .details = std::make_shared<const base::Json>(base::Json({{"run_attempt", attempt}}))};
    EXPECT_TRUE(made.write({&started, 1}).ok());
    return made;
  }
  static RunEvent line_of(const std::string& job, int step, const std::string& text) {
    RunEvent event{.type = "line", .job = job, .step = step, .text = text};
    event.lines = count_lines(event);
    return event;
  }
  static void line(RunLogWriter& to, const std::string& job, int step, const std::string& text) {
    const auto event = line_of(job, step, text);
    EXPECT_TRUE(to.write({&event, 1}).ok());
  }
  /// The texts of the lines from that one on.
  std::vector<std::string> read(LogSelection selection, std::uint64_t from = 1, std::size_t most = 5) {
    std::vector<std::string> texts;
    auto cursor = LogCursor::open(folder_.path(), std::move(selection), from);
    EXPECT_TRUE(cursor.ok());
    while (texts.size() < most) {
      const auto entry = cursor->next();
      EXPECT_TRUE(entry.ok());
      if (!entry.ok() || !*entry) break;
      if ((*entry)->line == 0) continue;
      EXPECT_EQ((*entry)->line, from + texts.size());
      texts.push_back((*entry)->event.text);
    }
    return texts;
  }
  /// Two jobs that print in turns, one of them with two steps.
  void two_jobs(int lines) {
    auto to = writer();
    const std::vector<RunEvent> started{{.type = "job_started", .job = "a"},
                                        {.type = "job_started", .job = "b (1)"}};
    EXPECT_TRUE(to.write(started).ok());
    for (int i = 1; i <= lines; ++i) {
      line(to, "a", i <= lines / 2 ? 1 : 2, "a" + std::to_string(i));
      line(to, "b (1)", 1, "b" + std::to_string(i));
    }
  }

  base::TempDir folder_ = std::move(base::TempDir::create("run-log-test")).value();
};

TEST_F(RunLog, BeginsAtAnyLine) {
  two_jobs(1000);
  EXPECT_THAT(read({}, 1, 2), ElementsAre("a1", "b1"));
  EXPECT_THAT(read({}, 1001, 3), ElementsAre("a501", "b501", "a502"));
  EXPECT_THAT(read({}, 2000), ElementsAre("b1000"));
  EXPECT_THAT(read({}, 2001), ElementsAre());
}

TEST_F(RunLog, CountsTheLinesThatCameTogether) {
  auto to = writer();
  std::string block;
  for (int i = 1; i <= 1000; ++i) block += (i > 1 ? "\n" : "") + std::to_string(i);
  line(to, "a", 1, "before");
  line(to, "a", 1, block);
  line(to, "b", 1, "beside");
  line(to, "a", 2, block);
  EXPECT_THAT(read({}, 1000, 4), ElementsAre("999", "1000", "beside", "1"));
  EXPECT_THAT(read({.job = "a"}, 1001, 2), ElementsAre("1000", "1"));
  EXPECT_THAT(read({.job = "a", .step = 2}, 1000, 2), ElementsAre("1000"));
}

TEST_F(RunLog, CountsTheLinesOfOneJob) {
  two_jobs(1000);
  EXPECT_THAT(read({.job = "a"}, 1, 2), ElementsAre("a1", "a2"));
  EXPECT_THAT(read({.job = "b (1)"}, 257, 2), ElementsAre("b257", "b258"));
  EXPECT_THAT(read({.job = "b"}, 999), ElementsAre("b999", "b1000")) << "an id stands for its legs";
  EXPECT_THAT(read({.job = "c"}), ElementsAre());
}

TEST_F(RunLog, CountsTheLinesOfOneStep) {
  two_jobs(1000);
  EXPECT_THAT(read({.job = "a", .step = 2}, 1, 2), ElementsAre("a501", "a502"));
  EXPECT_THAT(read({.job = "a", .step = 2}, 300, 2), ElementsAre("a800", "a801"));
  EXPECT_THAT(read({.step = 2}, 499), ElementsAre("a999", "a1000"));
}

TEST_F(RunLog, ReadsTheSameWithoutAnIndex) {
  two_jobs(600);
  std::filesystem::remove(folder_.path() / "events.index");
  EXPECT_THAT(read({}, 601, 2), ElementsAre("a301", "b301"));
  EXPECT_THAT(read({.job = "a", .step = 2}, 300), ElementsAre("a600"));
}

TEST_F(RunLog, FindsWhatCameAfterTheLastMark) {
  two_jobs(300);
  const auto index = folder_.path() / "events.index";
  std::filesystem::resize_file(index, 48 * 3 + 5);  // killed in the middle of a mark
  EXPECT_THAT(read({.job = "a"}, 299), ElementsAre("a299", "a300"));
}

TEST_F(RunLog, KeepsAttemptsApart) {
  two_jobs(300);
  {
    auto to = writer(2);
    line(to, "a", 1, "again");
  }
  EXPECT_THAT(read({}), ElementsAre("again"));
  EXPECT_THAT(read({.attempt = 1}, 600), ElementsAre("b300"));
  std::filesystem::remove(folder_.path() / "events.index");
  EXPECT_THAT(read({}), ElementsAre("again")) << "also without an index";
}

TEST_F(RunLog, CountsTheLinesOfEventsThatAreWrittenTogether) {
  std::vector<RunEvent> events;
  for (int i = 1; i <= 20'000; ++i) events.push_back(line_of("a", i <= 10'000 ? 1 : 2, std::to_string(i)));
  EXPECT_TRUE(writer().write(events).ok());
  EXPECT_THAT(read({}, 9'999, 3), ElementsAre("9999", "10000", "10001"));
  EXPECT_THAT(read({.job = "a", .step = 2}, 9'999), ElementsAre("19999", "20000"));
}

TEST_F(RunLog, GoesOnAfterAWriteThatFailedInTheMiddleOfAnEvent) {
  auto to = writer();
  line(to, "a", 1, "before");
  const auto old_action = ::signal(SIGXFSZ, SIG_IGN);
  rlimit unlimited{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &unlimited), 0);
  rlimit limit = unlimited;
  limit.rlim_cur = std::filesystem::file_size(folder_.path() / kEventsFile) + 20;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto lost = line_of("a", 1, "lost");
  const bool written = to.write({&lost, 1}).ok();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &unlimited), 0);
  ::signal(SIGXFSZ, old_action);
  EXPECT_FALSE(written);
  line(to, "a", 1, "after");
  EXPECT_THAT(read({}, 1, 1), ElementsAre("before"));
  const auto text = base::read_file(folder_.path() / kEventsFile);
  ASSERT_TRUE(text.ok());
  const auto last = text->substr(text->rfind('\n', text->size() - 2) + 1);
  const auto event = parse_event(last);
  ASSERT_TRUE(event.ok()) << last;
  EXPECT_EQ(event->text, "after");
}

TEST_F(RunLog, GoesOnAfterAnEventThatWasCutOff) {
  two_jobs(2);
  ASSERT_TRUE(base::append_file(folder_.path() / kEventsFile, R"({"time":"2026-01-02T)").ok());
  {
    auto to = writer(2);
    line(to, "a", 1, "again");
  }
  EXPECT_THAT(read({}), ElementsAre("again"));
  EXPECT_THAT(read({.attempt = 1}), ElementsAre("a1", "b1", "a2", "b2"));
}

TEST_F(RunLog, ShowsWhatIsWrittenMeanwhile) {
  auto to = writer();
  line(to, "a", 1, "one");
  auto cursor = LogCursor::open(folder_.path(), {.job = "a"});
  ASSERT_TRUE(cursor.ok());
  EXPECT_EQ((*cursor->next())->event.text, "one");
  EXPECT_FALSE(cursor->next()->has_value());
  line(to, "a", 1, "two");
  EXPECT_EQ((*cursor->next())->event.text, "two");
  EXPECT_FALSE(cursor->is_over());
  const auto second = writer(2);
  EXPECT_FALSE(cursor->next()->has_value());
}

TEST_F(RunLog, SaysWhichFileIsMissing) {
  const auto cursor = LogCursor::open(folder_.path() / "none", {});
  ASSERT_FALSE(cursor.ok());
  EXPECT_EQ(cursor.error().kind, base::ErrorKind::not_found);
}

TEST(ParseEvent, ReadsWhatWasWritten) {
  const RunEvent event{.time = base::from_epoch_seconds(1767355200.5),
                       .type = "annotation",
                       .job = "a",
                       .step = 3,
                       .kind = steps::LineKind::warning,
                       .text = "two\nlines",
                       .details = std::make_shared<const base::Json>(base::Json({{"file", "x.c"}}))};
  const auto text = to_json_line(event);
  const auto read = parse_event(text);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(to_json_line(*read), text);
  EXPECT_FALSE(parse_event("{}").ok());
  EXPECT_FALSE(parse_event("[1]").ok());
  EXPECT_FALSE(parse_event(text.substr(0, 40)).ok());
}

TEST_F(RunLog, IsReadUpToAndBehindTheDamageAndTold) {
  two_jobs(20);
  const auto file = folder_.path() / kEventsFile;
  auto text = std::move(base::read_file(file)).value();
  const auto place = text.find("a7");
  ASSERT_NE(place, std::string::npos);
  text.replace(text.rfind('\n', place) + 1, 5, "\xff\0\x01{[", 5);
  ASSERT_TRUE(base::write_file(file, text).ok());
  auto cursor = LogCursor::open(folder_.path(), {.job = "a"});
  ASSERT_TRUE(cursor.ok());
  int lines = 0;
  for (auto entry = cursor->next(); entry && *entry; entry = cursor->next()) lines += (*entry)->line > 0;
  EXPECT_EQ(lines, 19);
  EXPECT_TRUE(cursor->is_damaged());
}

}  // namespace
}  // namespace runner
