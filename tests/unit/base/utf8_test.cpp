#include "base/utf8.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(Utf8, LeavesWhatIsValid) {
  for (const std::string text : {"", "plain", "ä € 😀 \xed\x9f\xbf \xf4\x8f\xbf\xbf", "a\nb\tc"})
    EXPECT_EQ(with_valid_utf8(text), text);
}

TEST(Utf8, CountsUtf16AsOthersDo) {
  EXPECT_EQ(utf16_length(""), 0U);
  EXPECT_EQ(utf16_length("a\u00e4\u20ac"), 3U);
  EXPECT_EQ(utf16_length("\U0001f600"), 2U) << "beyond the first plane are two";
}

TEST(Utf8, ReplacesWhatIsNone) {
  EXPECT_EQ(with_valid_utf8("a\xff"), "a\ufffd");
  EXPECT_EQ(with_valid_utf8("\xbf\xbf"), "\ufffd\ufffd") << "bytes that continue nothing";
  EXPECT_EQ(with_valid_utf8("\xe2\x82."), "\ufffd.") << "a character without its end is one";
  EXPECT_EQ(with_valid_utf8("\xc0\xaf"), "\ufffd\ufffd") << "longer than needed";
  EXPECT_EQ(with_valid_utf8("\xed\xa0\x80"), "\ufffd\ufffd\ufffd") << "half of a surrogate pair";
  EXPECT_EQ(with_valid_utf8("\xf4\x90\x80\x80x"), "\ufffd\ufffd\ufffd\ufffdx") << "beyond U+10FFFF";
}

}  // namespace
}  // namespace base
