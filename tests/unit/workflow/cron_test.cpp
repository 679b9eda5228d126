#include "workflow/cron.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

namespace workflow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::int64_t utc(const char* text) {
  std::tm time{};
  EXPECT_NE(::strptime(text, "%Y-%m-%d %H:%M", &time), nullptr) << text;
  return ::timegm(&time);
}
std::string text_of(std::int64_t utc) {
  std::tm time{};
  const std::time_t at = utc;
  ::gmtime_r(&at, &time);
  return fmt::format("{}-{:02}-{:02} {:02}:{:02}", time.tm_year + 1900, time.tm_mon + 1, time.tm_mday,
                     time.tm_hour, time.tm_min);
}
std::int64_t in_utc(std::int64_t) {
  return 0;
}
// Central Europe in 2026: summer from 29 March to 25 October, 1:00 UTC.
std::int64_t in_vienna(std::int64_t at) {
  return at >= utc("2026-03-29 01:00") && at < utc("2026-10-25 01:00") ? 7200 : 3600;
}
// The next times, in UTC.
std::vector<std::string> times(const std::string& cron, const char* from, int count,
                               const ZoneOffset& zone = in_utc) {
  const auto schedule = parse_cron(cron);
  EXPECT_TRUE(schedule.ok()) << cron;
  std::vector<std::string> found;
  std::int64_t at = utc(from);
  while (schedule && count-- > 0) {
    const auto next = next_run(*schedule, at, zone);
    if (!next) {
      found.emplace_back("never");
      break;
    }
    EXPECT_GT(*next, at);
    at = *next;
    found.push_back(text_of(at));
  }
  return found;
}

TEST(Cron, KnowsNumbersNamesListsRangesAndSteps) {
  for (const auto* good :
       {"* * * * *", "0 0 1 1 0", "59 23 31 12 7", "*/15 * * * *", "20/15 * * * *", "2,10 4,5 * * *",
        "30 4-6 * * *", "0 0 * JAN-dec Sun,MON", "0 0 * * 5-7", " 0  0 * * * ", "0-59/2 * * * *"})
    EXPECT_EQ(problem_of_cron(good), "") << good;
  for (const auto* bad : {"",           "* * * *",      "* * * * * *",   "60 * * * *",
                          "* 24 * * *", "* * 0 * *",    "* * 32 * *",    "* * * 13 *",
                          "* * * * 8",  "*/0 * * * *",  "5-1 * * * *",   "1,,2 * * * *",
                          "a * * * *",  "* * * Janu *", "@daily",        "1- * * * *",
                          "-1 * * * *", "*/ * * * *",   "1/2/3 * * * *", "/5 * * * *",
                          "+1 * * * *"})
    EXPECT_NE(problem_of_cron(bad), "") << bad;
}

TEST(Cron, ComesNextAfterTheTimeThatIsGiven) {
  EXPECT_THAT(times("30 5,17 * * *", "2026-08-17 05:30", 2),
              ElementsAre("2026-08-17 17:30", "2026-08-18 05:30"));
  EXPECT_THAT(times("20/15 * * * *", "2026-08-17 09:36", 4),
              ElementsAre("2026-08-17 09:50", "2026-08-17 10:20", "2026-08-17 10:35", "2026-08-17 10:50"));
  EXPECT_THAT(times("0 0 1 1 *", "2026-08-17 09:36", 2), ElementsAre("2027-01-01 00:00", "2028-01-01 00:00"));
  EXPECT_THAT(times("0 12 * * MON-WED", "2026-08-17 12:00", 3),
              ElementsAre("2026-08-18 12:00", "2026-08-19 12:00", "2026-08-24 12:00"));
  EXPECT_THAT(times("0 12 * * 7", "2026-08-17 12:00", 1), ElementsAre("2026-08-23 12:00"));
  EXPECT_THAT(times("0 0 31 * *", "2026-08-31 00:00", 2),
              ElementsAre("2026-10-31 00:00", "2026-12-31 00:00"));
}

TEST(Cron, MeansEitherOfTheTwoKindsOfDayWhenBothAreGiven) {
  EXPECT_THAT(times("0 0 13 * 5", "2026-08-01 00:00", 4),
              ElementsAre("2026-08-07 00:00", "2026-08-13 00:00", "2026-08-14 00:00", "2026-08-21 00:00"));
  // A field that begins with * is none that is given.
  EXPECT_THAT(times("0 0 */2 * 5", "2026-08-01 00:00", 2),
              ElementsAre("2026-08-07 00:00", "2026-08-21 00:00"));
}

TEST(Cron, FindsLeapDaysAndSaysWhenThereIsNone) {
  EXPECT_THAT(times("0 0 29 2 *", "2026-08-17 00:00", 2),
              ElementsAre("2028-02-29 00:00", "2032-02-29 00:00"));
  EXPECT_THAT(times("0 0 29 2 *", "2096-03-01 00:00", 1), ElementsAre("2104-02-29 00:00"));
  EXPECT_THAT(times("0 0 30 2 *", "2026-08-17 00:00", 1), ElementsAre("never"));
}

TEST(Cron, GoesByTheClocksOfItsZone) {
  EXPECT_THAT(times("0 6 * * *", "2026-03-27 12:00", 3, in_vienna),
              ElementsAre("2026-03-28 05:00", "2026-03-29 04:00", "2026-03-30 04:00"));
  // Midnight of the first is still the last day of July in UTC.
  EXPECT_THAT(times("0 0 1 * *", "2026-07-31 21:00", 1, in_vienna), ElementsAre("2026-07-31 22:00"));
  const auto in_kathmandu = [](std::int64_t) { return std::int64_t{20700}; };
  EXPECT_THAT(times("0 0 * * *", "2026-07-31 00:00", 1, in_kathmandu), ElementsAre("2026-07-31 18:15"));
}

TEST(Cron, ComesAtTheMomentOfTheChangeWhenClocksSkipItsTime) {
  EXPECT_THAT(times("30 2 * * *", "2026-03-28 12:00", 2, in_vienna),
              ElementsAre("2026-03-29 01:00", "2026-03-30 00:30"));
  // Several skipped times are one.
  EXPECT_THAT(times("15,45 2,3 * * *", "2026-03-29 00:00", 3, in_vienna),
              ElementsAre("2026-03-29 01:00", "2026-03-29 01:15", "2026-03-29 01:45"));
}

TEST(Cron, ComesOnceWhenClocksShowItsTimeTwice) {
  EXPECT_THAT(times("30 2 * * *", "2026-10-24 12:00", 2, in_vienna),
              ElementsAre("2026-10-25 00:30", "2026-10-26 01:30"));
}

TEST(Cron, OfEveryHourGoesByTheTimeThatPasses) {
  EXPECT_THAT(times("30 * * * *", "2026-03-29 00:00", 3, in_vienna),
              ElementsAre("2026-03-29 00:30", "2026-03-29 01:30", "2026-03-29 02:30"));
  EXPECT_THAT(times("30 * * * *", "2026-10-24 23:40", 3, in_vienna),
              ElementsAre("2026-10-25 00:30", "2026-10-25 01:30", "2026-10-25 02:30"));
  EXPECT_THAT(times("*/20 * * * *", "2026-10-25 00:40", 4, in_vienna),
              ElementsAre("2026-10-25 01:00", "2026-10-25 01:20", "2026-10-25 01:40", "2026-10-25 02:00"));
}

TEST(Cron, AgreesWithALookAtEveryMinute) {
  for (const auto* cron :
       {"7-40/3 */5 * * *", "0,59 23,0 */3 2,10 *", "5 4 10 3 1", "*/7 1-3 25-31 3,10 0"}) {
    const auto schedule = parse_cron(cron);
    ASSERT_TRUE(schedule.ok()) << cron;
    std::int64_t at = utc("2026-02-01 00:00");
    auto next = next_run(*schedule, at, in_utc);
    for (int minute = 0; minute < 60 * 24 * 90; ++minute) {
      at += 60;
      const std::time_t now = at;
      std::tm time{};
      ::gmtime_r(&now, &time);
      const auto has = [](std::uint64_t bits, int value) {
        return (bits >> static_cast<unsigned>(value) & 1U) != 0;
      };
      const bool day = has(schedule->days, time.tm_mday);
      const bool weekday = has(schedule->weekdays, time.tm_wday);
      const bool hit = has(schedule->minutes, time.tm_min) && has(schedule->hours, time.tm_hour) &&
                       has(schedule->months, time.tm_mon + 1) &&
                       (schedule->any_day || schedule->any_weekday ? day && weekday : day || weekday);
      ASSERT_EQ(hit, next == at) << cron << " at " << text_of(at);
      if (hit) next = next_run(*schedule, at, in_utc);
    }
  }
}

TEST(Cron, KnowsItsShortestInterval) {
  const auto interval = [](const char* cron) { return shortest_interval_minutes(*parse_cron(cron)); };
  EXPECT_EQ(interval("* * * * *"), 1);
  EXPECT_EQ(interval("*/5 * * * *"), 5);
  EXPECT_EQ(interval("0,58 * * * *"), 2);
  EXPECT_EQ(interval("0,58 3 * * *"), 58);
  EXPECT_EQ(interval("*/7 * * * *"), 4);
  EXPECT_EQ(interval("0 5,17 * * *"), 720);
  EXPECT_EQ(interval("30 5 * * 1"), 1440);
  EXPECT_EQ(interval("1-3 5 * * 1"), 1);
}

TEST(Cron, SaysWhichFieldIsWrong) {
  EXPECT_THAT(problem_of_cron("0 25 * * *"), HasSubstr("'25' is no hour: expected numbers from 0 to 23"));
}

}  // namespace
}  // namespace workflow
