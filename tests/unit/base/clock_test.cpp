#include "base/clock.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>

namespace base {
namespace {

using std::chrono::milliseconds;

struct Moment {
  const char* name;
  double seconds;
  const char* extended;
  const char* basic;
};
void PrintTo(const Moment& given, std::ostream* out) {
  *out << given.extended;
}

class Moments : public testing::TestWithParam<Moment> {};

TEST_P(Moments, AreWrittenInUtc) {
  const auto time = from_epoch_seconds(GetParam().seconds);
  EXPECT_EQ(format_iso8601(time), GetParam().extended);
  EXPECT_EQ(format_basic_iso8601(time), GetParam().basic);
}

TEST_P(Moments, AreReadBackToTheSecond) {
  const auto read = parse_basic_iso8601(GetParam().basic);
  ASSERT_TRUE(read.ok()) << read.error().to_string();
  EXPECT_EQ(to_epoch_seconds(*read), std::floor(GetParam().seconds));
}

INSTANTIATE_TEST_SUITE_P(
    , Moments,
    testing::Values(Moment{"TheEpoch", 0, "1970-01-01T00:00:00.000Z", "19700101T000000Z"},
                    Moment{"SigV4Example", 1440938160, "2015-08-30T12:36:00.000Z", "20150830T123600Z"},
                    Moment{"Milliseconds", 1786958102.125, "2026-08-17T09:15:02.125Z", "20260817T091502Z"},
                    Moment{"ALeapDay", 1709251199, "2024-02-29T23:59:59.000Z", "20240229T235959Z"},
                    Moment{"BeforeTheEpoch", -0.25, "1969-12-31T23:59:59.750Z", "19691231T235959Z"},
                    Moment{"BeyondThirtyTwoBits", 4294967296, "2106-02-07T06:28:16.000Z",
                           "21060207T062816Z"}),
    [](const auto& tested) { return std::string(tested.param.name); });

class NoMoment : public testing::TestWithParam<const char*> {};

TEST_P(NoMoment, IsRefusedWithItsText) {
  const auto read = parse_basic_iso8601(GetParam());
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().kind, ErrorKind::invalid_input);
  EXPECT_EQ(read.error().message,
            std::string("expected a time like 20260817T091502Z, found '") + GetParam() + "'");
}

INSTANTIATE_TEST_SUITE_P(, NoMoment,
                         testing::Values("", "Z", "20260817", "20260817T091502", "20260817T091502z",
                                         "20260817T091502Zx", " 20260817T091502Z", "2026-08-17T09:15:02Z",
                                         "20260231T000000Z", "20250229T000000Z", "20261301T000000Z",
                                         "20260817T240000Z", "20260817T096002Z", "20260817T091560Z",
                                         "2026 817T091502Z", "-0260817T091502Z", "99990817T091502Z",
                                         "00010817T091502Z"));

TEST(Clock, ReadsATimeWhateverTheTimeZoneOfTheMachine) {
  const char* before = std::getenv("TZ");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("TZ", "America/New_York", 1);
  ::tzset();
  const auto read = parse_basic_iso8601("20150830T123600Z");
  const auto written = format_iso8601(from_epoch_seconds(1440938160));
  before == nullptr ? ::unsetenv("TZ") : ::setenv("TZ", kept.c_str(), 1);
  ::tzset();
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(to_epoch_seconds(*read), 1440938160);
  EXPECT_EQ(written, "2015-08-30T12:36:00.000Z");
}

TEST(Clock, KeepsSecondsThatNoTimePointHoldsWithinWhatItCan) {
  EXPECT_EQ(format_iso8601(from_epoch_seconds(1e300)).substr(0, 4), "2255");
  EXPECT_EQ(format_iso8601(from_epoch_seconds(std::numeric_limits<double>::infinity())).substr(0, 4), "2255");
  EXPECT_EQ(format_iso8601(from_epoch_seconds(-1e300)).substr(0, 4), "1684");
  EXPECT_EQ(format_iso8601(from_epoch_seconds(std::nan(""))).substr(0, 4), "1684");
}

TEST(SystemClock, NeverSleepsOnceItWasAskedToStop) {
  std::stop_source stop;
  stop.request_stop();
  const auto before = system_clock().steady_now();
  EXPECT_FALSE(system_clock().sleep_for(std::chrono::hours(1), stop.get_token()));
  EXPECT_LT(system_clock().steady_now() - before, std::chrono::minutes(1));
}

TEST(SystemClock, WakesUpWhenItIsAskedToStop) {
  std::stop_source stop;
  const auto before = system_clock().steady_now();
  std::jthread stopper([&] { stop.request_stop(); });
  // As long as a time can be: the sum with now must not overflow into the past.
  EXPECT_FALSE(system_clock().sleep_for(milliseconds::max(), stop.get_token()));
  EXPECT_LT(system_clock().steady_now() - before, std::chrono::minutes(1));
}

TEST(SystemClock, SleepsAtLeastAsLongAsItWasTold) {
  const auto before = system_clock().steady_now();
  EXPECT_TRUE(system_clock().sleep_for(milliseconds(3), {}));
  EXPECT_GE(system_clock().steady_now() - before, milliseconds(3));
  EXPECT_TRUE(system_clock().sleep_for(milliseconds(-5), {}));
}

}  // namespace
}  // namespace base
