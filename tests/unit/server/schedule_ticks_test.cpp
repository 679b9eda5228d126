#include "server/schedule_ticks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/database.h"

namespace server {
namespace {

// 2027-01-15T08:00:00Z, in the middle of winter time.
constexpr std::int64_t kMorning = 1'800'000'000;
constexpr std::int64_t kDay = 86'400;

class ScheduleTicksTest : public ::testing::Test {
 protected:
  ScheduleTicksTest()
      : folder_(std::move(base::TempDir::create("ticks-test")).value()),
        database_(std::move(open_database(folder_.path())).value()) {}
  std::optional<std::int64_t> due(std::int64_t now) {
    const auto found = due_tick(database_, "a/b", line_, now);
    EXPECT_TRUE(found.ok());
    return found ? *found : std::nullopt;
  }
  void note(std::int64_t now) { EXPECT_TRUE(note_next_tick(database_, "a/b", line_, now).ok()); }
  base::TempDir folder_;
  runner::Sqlite database_;
  ScheduleLine line_{.cron = "30 9 * * *"};
};

TEST_F(ScheduleTicksTest, DoNotFireForWhatWasBeforeTheyWereKnown) {
  EXPECT_EQ(due(kMorning), std::nullopt);
  note(kMorning);
  EXPECT_EQ(due(kMorning), std::nullopt);
}

TEST_F(ScheduleTicksTest, FireOnceAtTheirTime) {
  note(kMorning);
  const auto half_past_nine = kMorning + 90 * 60;
  EXPECT_EQ(due(half_past_nine - 1), std::nullopt);
  EXPECT_EQ(due(half_past_nine), half_past_nine);
  note(half_past_nine);
  EXPECT_EQ(due(half_past_nine + 60), std::nullopt);
}

TEST_F(ScheduleTicksTest, MakeUpForOneOfTheTimesThatPassed) {
  note(kMorning);
  EXPECT_EQ(due(kMorning + 5 * kDay), kMorning + 90 * 60);
  note(kMorning + 5 * kDay);
  EXPECT_EQ(due(kMorning + 5 * kDay), std::nullopt);
}

TEST_F(ScheduleTicksTest, FireNotAgainWhenTheClockIsPutBack) {
  note(kMorning);
  note(kMorning + 90 * 60);
  note(kMorning);
  EXPECT_EQ(due(kMorning + 90 * 60), std::nullopt);
}

TEST_F(ScheduleTicksTest, GoByTheirTimeZone) {
  line_.zone = "Europe/Vienna";
  note(kMorning);
  EXPECT_EQ(due(kMorning + 30 * 60 - 1), std::nullopt);
  EXPECT_EQ(due(kMorning + 30 * 60), kMorning + 30 * 60);
}

}  // namespace
}  // namespace server
