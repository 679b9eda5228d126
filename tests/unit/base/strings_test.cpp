#include "base/strings.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>

namespace base {
namespace {

using Texts = std::vector<std::string>;
using Views = std::vector<std::string_view>;

TEST(Strings, SplitsAtEachSeparatorAndKeepsEmptyParts) {
  EXPECT_EQ(split("a:b:c", ':'), (Texts{"a", "b", "c"}));
  EXPECT_EQ(split(":a::", ':'), (Texts{"", "a", "", ""}));
  EXPECT_EQ(split("", ':'), (Texts{""}));
  EXPECT_EQ(split("none", ':'), (Texts{"none"}));
}

TEST(Strings, CountsALastLineWithoutItsEnd) {
  EXPECT_EQ(lines_of(""), Views{});
  EXPECT_EQ(lines_of("\n"), (Views{""}));
  EXPECT_EQ(lines_of("a"), (Views{"a"}));
  EXPECT_EQ(lines_of("a\n"), (Views{"a"}));
  EXPECT_EQ(lines_of("a\n\nb"), (Views{"a", "", "b"}));
  EXPECT_EQ(lines_of("a\r\nb"), (Views{"a\r", "b"}));
}

TEST(Strings, JoinsWhatWasSplit) {
  EXPECT_EQ(join({}, ", "), "");
  EXPECT_EQ(join({"a"}, ", "), "a");
  EXPECT_EQ(join({"a", "", "b"}, ", "), "a, , b");
  EXPECT_EQ(join(split(":x::y:", ':'), ":"), ":x::y:");
}

TEST(Strings, TrimsAsciiSpaceOnBothSides) {
  EXPECT_EQ(trim(" \t\r\n\f\v a b \n"), "a b");
  EXPECT_EQ(trim("a"), "a");
  EXPECT_EQ(trim(" \n "), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("\u00a0a"), "\u00a0a") << "only ASCII space";
}

TEST(Strings, ChangesTheCaseOfAsciiLettersOnly) {
  EXPECT_EQ(to_lower("AZaz09@[`{ÄÖ"), "azaz09@[`{ÄÖ");
  EXPECT_EQ(to_upper("AZaz09@[`{äö"), "AZAZ09@[`{äö");
}

TEST(Strings, ComparesWithoutRegardToCase) {
  EXPECT_TRUE(equals_ignoring_case("Content-Type", "content-TYPE"));
  EXPECT_TRUE(equals_ignoring_case("", ""));
  EXPECT_FALSE(equals_ignoring_case("ab", "abc"));
  EXPECT_FALSE(equals_ignoring_case("[", "{")) << "they differ by the bit of the case, but are no letters";
  EXPECT_FALSE(equals_ignoring_case("@", "`"));
}

TEST(Strings, ReplacesFromLeftToRightAndNeverWhatItPutIn) {
  EXPECT_EQ(replace_all("aaa", "aa", "b"), "ba");
  EXPECT_EQ(replace_all("a.b.c", ".", ".."), "a..b..c");
  EXPECT_EQ(replace_all("abc", "", "x"), "abc");
  EXPECT_EQ(replace_all("abc", "abc", ""), "");
  EXPECT_EQ(replace_all("abc", "x", "y"), "abc");
}

TEST(Strings, ReplacesTheCharactersOfATable) {
  constexpr std::pair<char, std::string_view> table[] = {{'&', "&amp;"}, {'<', "&lt;"}};
  EXPECT_EQ(replace_characters("a<b & <c>", table), "a&lt;b &amp; &lt;c>");
  EXPECT_EQ(replace_characters("&lt;", table), "&amp;lt;");
  EXPECT_EQ(replace_characters("", table), "");
  EXPECT_EQ(replace_characters("as it is", {}), "as it is");
}

TEST(Strings, CountsACharacterInTextOfAnyLength) {
  for (std::size_t length = 0; length < 200; ++length) {
    EXPECT_EQ(count_of(std::string(length, 'x'), 'x'), length);
    EXPECT_EQ(count_of(std::string(length, 'x'), 'y'), 0U);
    EXPECT_EQ(count_of(std::string(length, 'x') + "y", 'y'), 1U);
  }
}

TEST(Strings, FindsTheLastOfACharacter) {
  EXPECT_EQ(find_last("a\nb\nc", '\n'), 3U);
  EXPECT_EQ(find_last("abc", '\n'), std::string_view::npos);
  EXPECT_EQ(find_last("", '\n'), std::string_view::npos);
}

TEST(Strings, FindsACharacterTwiceInARowWhereverItIs) {
  for (std::size_t place = 0; place < 200; ++place) {
    std::string text(202, 'x');
    for (std::size_t i = 0; i < place; i += 2) text[i] = ':';
    text.replace(place, 2, "::");
    const std::size_t first = place > 0 && place % 2 == 1 ? place - 1 : place;
    EXPECT_EQ(find_twice(text, ':', 0), first) << place;
    EXPECT_EQ(find_twice(text, ':', place + 1), std::string_view::npos) << place;
  }
  EXPECT_EQ(find_twice(":", ':', 0), std::string_view::npos);
  EXPECT_EQ(find_twice("::", ':', 7), std::string_view::npos);
}

TEST(Strings, EncodesAllButUnreservedCharacters) {
  EXPECT_EQ(percent_encode("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(percent_encode("a b/c+ü%"), "a%20b%2Fc%2B%C3%BC%25");
  EXPECT_EQ(percent_encode("a/b c", "/"), "a/b%20c");
  EXPECT_EQ(percent_encode(std::string_view("\0\xff", 2)), "%00%FF");
}

TEST(Strings, DecodesWhatWasEncoded) {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  EXPECT_EQ(percent_decode(percent_encode(every_byte)), every_byte);
  EXPECT_EQ(percent_decode("%c3%BC"), "ü");
}

TEST(Strings, LeavesWhatIsNoPercentEncoding) {
  EXPECT_EQ(percent_decode("100%"), "100%");
  EXPECT_EQ(percent_decode("%4"), "%4");
  EXPECT_EQ(percent_decode("%zz%4g%%41"), "%zz%4g%A");
  EXPECT_EQ(percent_decode("a+b"), "a+b");
}

TEST(Strings, ParsesWholeDecimalNumbersOnly) {
  EXPECT_EQ(parse_integer("0"), 0);
  EXPECT_EQ(parse_integer("-17"), -17);
  EXPECT_EQ(parse_integer("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse_integer("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  for (const char* text : {"", "-", "+1", " 1", "1 ", "1.0", "0x10", "1e3", "9223372036854775808", "١"}) {
    EXPECT_EQ(parse_integer(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_integer(std::string_view("1\0", 2)), std::nullopt);
}

template <typename Number>
struct Told {
  const char* name;
  Number number;
  const char* text;
};
template <typename Number>
void PrintTo(const Told<Number>& given, std::ostream* out) {
  *out << given.number << " as " << given.text;
}

using Bytes = Told<std::uint64_t>;
class FormatBytes : public testing::TestWithParam<Bytes> {};
TEST_P(FormatBytes, AsPeopleReadThem) {
  EXPECT_EQ(format_bytes(GetParam().number), GetParam().text);
}
INSTANTIATE_TEST_SUITE_P(
    , FormatBytes,
    testing::Values(Bytes{"None", 0, "0 B"}, Bytes{"BelowAKibibyte", 1023, "1023 B"},
                    Bytes{"AKibibyte", 1024, "1.0 KiB"}, Bytes{"OneAndAHalf", 1536U << 10, "1.5 MiB"},
                    Bytes{"RoundsUpToTheNextUnit", (1U << 20) - 1, "1.0 MiB"},
                    Bytes{"AGibibyte", 1U << 30, "1.0 GiB"},
                    Bytes{"TheMost", std::numeric_limits<std::uint64_t>::max(), "16777216.0 TiB"}),
    [](const auto& tested) { return std::string(tested.param.name); });

using Duration = Told<std::int64_t>;
class FormatDuration : public testing::TestWithParam<Duration> {};
TEST_P(FormatDuration, AsPeopleReadThem) {
  EXPECT_EQ(format_duration_ms(GetParam().number), GetParam().text);
}
INSTANTIATE_TEST_SUITE_P(, FormatDuration,
                         testing::Values(Duration{"None", 0, "0ms"}, Duration{"Milliseconds", 999, "999ms"},
                                         Duration{"ASecond", 1000, "1.0s"}, Duration{"Seconds", 4249, "4.2s"},
                                         Duration{"NeverSixtySeconds", 59'949, "59.9s"},
                                         Duration{"RoundsUpToAMinute", 59'950, "1m 00s"},
                                         Duration{"Minutes", 63'000, "1m 03s"},
                                         Duration{"RoundsUpToAnHour", 3'599'500, "1h 00m 00s"},
                                         Duration{"Hours", 90'061'000, "25h 01m 01s"}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(LessIgnoringCase, FindsAKeyInAnySpelling) {
  std::map<std::string, int, LessIgnoringCase> headers;
  headers["Content-Length"] = 1;
  headers["content-LENGTH"] = 2;
  EXPECT_EQ(headers.size(), 1U);
  EXPECT_EQ(headers.find(std::string_view("CONTENT-length"))->second, 2);
  EXPECT_EQ(headers.find("Content"), headers.end());
}

TEST(LessIgnoringCase, PutsAPrefixFirst) {
  const LessIgnoringCase less;
  EXPECT_TRUE(less("AB", "abc"));
  EXPECT_FALSE(less("abc", "AB"));
  EXPECT_FALSE(less("ab", "AB"));
  EXPECT_TRUE(less("a", "B"));
}

}  // namespace
}  // namespace base
