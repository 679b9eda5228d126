#include "workflow/source_lines.h"

#include <gtest/gtest.h>

#include <string>

namespace workflow {
namespace {

TEST(SourceLines, CountCharactersInWhateverOrderTheyAreAskedFor) {
  // Of one, two, three and four bytes, then half of one.
  const std::string text = "first\na\u00e4\u20ac\U0001f600z\xC3\n";
  const SourceLines lines(text);
  constexpr int kColumns[] = {1, 2, 3, 3, 4, 4, 4, 5, 5, 5, 5, 6, 7};
  for (const int step : {1, 5, 7, 11}) {
    for (std::size_t i = 0; i < 13; ++i) {
      const auto bytes = i * static_cast<std::size_t>(step) % 13;
      const auto place = lines.place_behind(2, bytes);
      EXPECT_EQ(place.line, 2);
      // A character counts from its first byte.
      EXPECT_EQ(place.column, kColumns[bytes]) << bytes;
      const auto other = lines.bytes_before({1, static_cast<int>(bytes) + 1});
      EXPECT_EQ(other, std::min<std::size_t>(bytes, 5));
    }
  }
}

TEST(SourceLines, FindTheBytesOfAColumn) {
  const std::string text = "a\u00e4\u20acz";
  const SourceLines lines(text);
  EXPECT_EQ(lines.bytes_before({1, 5}), 7U);
  EXPECT_EQ(lines.bytes_before({1, 3}), 3U);
  EXPECT_EQ(lines.bytes_before({1, 2}), 1U);
  EXPECT_EQ(lines.bytes_before({1, 4}), 6U);
  EXPECT_EQ(lines.bytes_before({1, 1}), 0U);
  EXPECT_EQ(lines.bytes_before({1, 99}), 7U);
  EXPECT_EQ(lines.bytes_before({7, 3}), 0U);
}

TEST(SourceLines, CountWhatALineLacksAsCharacters) {
  const SourceLines lines("ab");
  EXPECT_EQ(lines.place_behind(1, 5).column, 6);
  EXPECT_EQ(lines.place_behind(9, 2).column, 3);
}

}  // namespace
}  // namespace workflow
