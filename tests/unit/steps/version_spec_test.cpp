#include "steps/version_spec.h"

#include <gmock/gmock.h>

namespace steps {
namespace {

bool fits(std::string_view spec, std::string_view version) {
  auto parsed = VersionSpec::parse(spec);
  EXPECT_TRUE(parsed) << spec;
  return parsed && parsed->allows(*find_version(version));
}

TEST(VersionSpec, TakesTheFormsThatSetupActionsTake) {
  EXPECT_TRUE(fits("3.11", "Python 3.11.2"));
  EXPECT_FALSE(fits("3.11", "3.12.0"));
  EXPECT_FALSE(fits("3.1", "3.11.2"));
  EXPECT_TRUE(fits("3.x", "3.11.2"));
  EXPECT_TRUE(fits("3", "3.11.2"));
  EXPECT_TRUE(fits("*", "3.11.2"));
  EXPECT_TRUE(fits("3.11.2", "3.11.2"));
  EXPECT_FALSE(fits("3.11.3", "3.11.2"));
  EXPECT_TRUE(fits(">=3.9", "3.11.2"));
  EXPECT_TRUE(fits(">= 3.9, < 4", "3.11.2"));
  EXPECT_FALSE(fits(">=3.9 <3.11", "3.11.2"));
  EXPECT_TRUE(fits("^3.9", "3.11.2"));
  EXPECT_FALSE(fits("^2.7", "3.11.2"));
  EXPECT_TRUE(fits("~3.11.1", "3.11.2"));
  EXPECT_FALSE(fits("~3.10.1", "3.11.2"));
  EXPECT_TRUE(fits("~=3.9", "3.11.2"));
  EXPECT_TRUE(fits("3.9 - 3.11", "3.11.2"));
  EXPECT_FALSE(fits("3.9 - 3.10", "3.11.2"));
  EXPECT_TRUE(fits("18 || 20", "v20.20.2"));
  EXPECT_TRUE(fits(">3.10", "3.11.0"));
  EXPECT_FALSE(fits(">3.11", "3.11.9"));
  EXPECT_TRUE(fits("<=3.11", "3.11.9"));
  EXPECT_FALSE(fits("^0.2.3", "0.3.0"));
}

TEST(VersionSpec, RefusesWhatIsNoVersion) {
  for (std::string_view text : {"pypy3.9", "latest-and-greatest", "3.1.2.4", "!=3", "3.x.1", "99999999999"}) {
    EXPECT_FALSE(VersionSpec::parse(text).ok()) << text;
  }
}

TEST(VersionSpec, FindsAVersionInWhatAToolPrints) {
  EXPECT_EQ(to_string(*find_version("Python 3.11.2+")), "3.11.2");
  EXPECT_EQ(to_string(*find_version("v20.20.2\n")), "20.20.2");
  EXPECT_EQ(to_string(*find_version("gcc (Debian 12) 12.2.0")), "12.2.0");
  EXPECT_FALSE(find_version("no number"));
}

}  // namespace
}  // namespace steps
