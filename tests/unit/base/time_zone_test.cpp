#include "base/time_zone.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace base {
namespace {

// What the C library says of the same zone is the judge.
class ZoneLikeTheCLibrary : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (const char* zone = std::getenv("TZ"); zone != nullptr) before_ = zone;
    ::setenv("TZ", GetParam(), 1);
    ::tzset();
  }
  void TearDown() override {
    before_ ? ::setenv("TZ", before_->c_str(), 1) : ::unsetenv("TZ");
    ::tzset();
  }

 private:
  std::optional<std::string> before_;
};

TEST_P(ZoneLikeTheCLibrary, KnowsTheSameOffsetsFrom1930To2400) {
  const auto zone = TimeZone::load(GetParam());
  if (!zone && !base::is_directory("/usr/share/zoneinfo")) GTEST_SKIP() << "the machine has no time zones";
  ASSERT_TRUE(zone.ok()) << zone.error().message;
  int faults = 0;
  for (std::time_t at = -1262304000; at < 13569465600 && faults < 5; at += 61 * 3600 + 1777) {
    std::tm local{};
    ::localtime_r(&at, &local);
    if (zone->offset_at(at) == local.tm_gmtoff) continue;
    ++faults;
    ADD_FAILURE() << GetParam() << " at " << at << ": " << zone->offset_at(at) << ", not " << local.tm_gmtoff;
  }
}

INSTANTIATE_TEST_SUITE_P(, ZoneLikeTheCLibrary,
                         testing::Values("Europe/Vienna", "America/New_York", "Australia/Lord_Howe",
                                         "America/Santiago", "Asia/Kathmandu", "Asia/Tokyo",
                                         "Africa/Casablanca", "Europe/Dublin", "Asia/Gaza", "America/Havana",
                                         "Etc/GMT+5", "UTC"));

TEST(TimeZones, AreRefusedByName) {
  for (const auto* name :
       {"Europe/Wien", "", "/etc/passwd", "../../etc/passwd", "Europe", "Europe/Vienna\n"}) {
    const auto zone = TimeZone::load(name);
    ASSERT_FALSE(zone.ok()) << name;
    EXPECT_EQ(zone.error().kind, ErrorKind::not_found);
  }
  EXPECT_NE(TimeZone::load("Europe/Wien").error().message.find("'Europe/Wien'"), std::string::npos);
}

TEST(TimeZones, AreReadFromTheirFilesOnly) {
  EXPECT_FALSE(TimeZone::parse("").ok());
  EXPECT_FALSE(TimeZone::parse("TZif").ok());
  EXPECT_FALSE(TimeZone::parse(std::string("TZif2") + std::string(39, '\xff')).ok());
  const auto whole = read_file("/usr/share/zoneinfo/Europe/Vienna");
  if (!whole) GTEST_SKIP() << "the machine has no time zones";
  for (std::size_t size = 0; size < whole->size(); ++size)
    (void)TimeZone::parse(std::string_view(*whole).substr(0, size));
}

}  // namespace
}  // namespace base
