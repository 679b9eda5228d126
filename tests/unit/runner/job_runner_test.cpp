#include "runner/job_runner.h"

#include <gtest/gtest.h>

namespace runner {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

TEST(TimeForCleanup, IsWhatTheJobSaysWithinLimits) {
  EXPECT_EQ(time_for_cleanup(5), minutes(5) - seconds(15));
  EXPECT_EQ(time_for_cleanup(10), minutes(10) - seconds(15));
  EXPECT_EQ(time_for_cleanup(0), seconds(45)) << "a minute is the least";
  EXPECT_EQ(time_for_cleanup(-3), seconds(45));
  EXPECT_LE(time_for_cleanup(1e300), std::chrono::hours(24 * 365));
}

TEST(TimeOfMinutes, IsBetweenNothingAndAYear) {
  EXPECT_EQ(time_of_minutes(0.5), seconds(30));
  EXPECT_EQ(time_of_minutes(-5), seconds(0));
  EXPECT_EQ(time_of_minutes(99999999999999999999.0), std::chrono::hours(24 * 365));
}

}  // namespace
}  // namespace runner
