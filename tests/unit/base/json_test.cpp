#include "base/json.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace base {
namespace {

std::string repeated(std::string_view text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

TEST(Json, KeepsTheOrderOfKeys) {
  const auto json = parse_json(R"({"z":1,"a":{"y":[true,null,1.5],"b":"ü"}})");
  ASSERT_TRUE(json.ok()) << json.error().to_string();
  EXPECT_EQ(to_text(*json), R"({"z":1,"a":{"y":[true,null,1.5],"b":"ü"}})");
}

TEST(Json, IndentsWhenAsked) {
  const auto json = parse_json(R"({"a":[1]})");
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(to_text(*json, 2), "{\n  \"a\": [\n    1\n  ]\n}");
}

struct BrokenCase {
  const char* name;
  std::string text;
  const char* place;
};
void PrintTo(const BrokenCase& given, std::ostream* out) {
  *out << testing::PrintToString(given.text);
}

class BrokenJson : public testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenJson, IsRefusedWhereItBreaks) {
  const auto json = parse_json(GetParam().text);
  ASSERT_FALSE(json.ok());
  EXPECT_EQ(json.error().kind, ErrorKind::invalid_input);
  EXPECT_NE(json.error().message.find(GetParam().place), std::string::npos) << json.error().message;
}

INSTANTIATE_TEST_SUITE_P(, BrokenJson,
                         testing::Values(BrokenCase{"Nothing", "", "line 1, column 1"},
                                         BrokenCase{"AnUnclosedObject", "{\n  \"a\": 1\n",
                                                    "line 3, column 1"},
                                         BrokenCase{"ATrailingComma", "{\"a\": 1,}", "line 1, column 9"},
                                         BrokenCase{"TwoDocuments", "{}\n{}", "line 2, column 1"},
                                         BrokenCase{"AComment", "{}\n// no", "line 2, column 1"},
                                         BrokenCase{"SingleQuotes", "{'a':1}", "line 1, column 2"},
                                         BrokenCase{"NoNumber", "[NaN]", "line 1, column 2"},
                                         BrokenCase{"ABareSurrogate", R"(["\ud800"])", "line 1"},
                                         BrokenCase{"NoUtf8", "[\"\xff\"]", "line 1"},
                                         BrokenCase{"AControlCharacter", "[\"\n\"]", "line 1"},
                                         BrokenCase{"ANumberTooLarge", "[1e999]", "invalid JSON"},
                                         BrokenCase{"AClosingBracketTooMany", "]]]]", "line 1, column 1"}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(Json, TakesTwoHundredLevelsAndNotOneMore) {
  EXPECT_TRUE(parse_json(repeated("[", 200) + repeated("]", 200)).ok());
  EXPECT_TRUE(parse_json(repeated("{\"a\":", 199) + "{}" + repeated("}", 199)).ok());
  const auto deeper = parse_json(repeated("[", 201) + repeated("]", 201));
  ASSERT_FALSE(deeper.ok());
  EXPECT_EQ(deeper.error().message, "JSON nested deeper than 200 levels");
  EXPECT_FALSE(parse_json(repeated("[{\"a\":", 1'000'000)).ok());
}

TEST(Json, QuotesNoMoreThanALineOfWhatItRefuses) {
  for (const auto& text : {repeated("9", 100'000), "\"" + repeated("x", 100'000)}) {
    const auto parsed = parse_json(text);
    ASSERT_FALSE(parsed.ok());
    EXPECT_LT(parsed.error().message.size(), 400U);
  }
}

TEST(Json, CountsNoBracketsInTexts) {
  EXPECT_TRUE(parse_json("[\"" + repeated("[{", 300) + "\\\"[\"]").ok());
  EXPECT_TRUE(parse_json(repeated("[", 100) + repeated("]", 100)).ok());
  EXPECT_TRUE(parse_json("[" + repeated("[],", 300) + "[]]").ok()) << "beside each other is not deep";
}

std::string object_of(int members) {
  std::string text = "{";
  for (int i = 0; i < members; ++i) text += "\"" + std::to_string(i) + "\":0,";
  text.back() = '}';
  return text;
}

TEST(Json, RefusesManyObjectsOfManyMembers) {
  const auto json =
      parse_json("[" + object_of(49'000) + "," + object_of(49'000) + "," + object_of(49'000) + "]");
  ASSERT_FALSE(json.ok());
  EXPECT_EQ(json.error().message, "a JSON document of too many large objects");
  std::string many_small = "[";
  for (int i = 0; i < 5'000; ++i) many_small += R"({"a":1,"b":2,"c":{}},)";
  many_small.back() = ']';
  EXPECT_TRUE(parse_json(many_small).ok());
}

TEST(Json, RefusesAnObjectOfTooManyMembers) {
  const auto json = parse_json(object_of(50'001));
  ASSERT_FALSE(json.ok());
  EXPECT_EQ(json.error().message, "a JSON object of more than 50000 members");
}

TEST(JsonMembers, GiveWhatIsThere) {
  const auto json = *parse_json(R"({"s":"text","i":-7,"b":true,"n":1.5,"null":null,"l":[1]})");
  EXPECT_EQ(json_string(json, "s"), "text");
  EXPECT_EQ(json_integer(json, "i"), -7);
  EXPECT_TRUE(json_bool(json, "b"));
  EXPECT_EQ(json_number(json, "n"), 1.5);
  EXPECT_EQ(json_number(json, "i"), -7);
  EXPECT_EQ(to_text(json_member(json, "l")), "[1]");
}

TEST(JsonMembers, FallBackForWhatIsAbsentOrOfAnotherType) {
  const auto json = *parse_json(R"({"s":"7","i":7,"b":true,"null":null})");
  for (const char* key : {"i", "b", "null", "absent"}) EXPECT_EQ(json_string(json, key, "none"), "none");
  for (const char* key : {"s", "b", "null", "absent"}) EXPECT_EQ(json_integer(json, key, 3), 3);
  for (const char* key : {"s", "i", "null", "absent"}) EXPECT_TRUE(json_bool(json, key, true));
  for (const char* key : {"s", "b", "null", "absent"}) EXPECT_EQ(json_number(json, key, 2.5), 2.5);
  EXPECT_TRUE(json_member(json, "absent").is_null());
}

TEST(JsonMembers, FallBackForWhatIsNoObject) {
  for (const char* text : {"[]", "\"text\"", "1", "true", "null"}) {
    const auto json = *parse_json(text);
    EXPECT_EQ(json_string(json, "a", "none"), "none") << text;
    EXPECT_TRUE(json_member(json, "a").is_null()) << text;
  }
}

TEST(JsonMembers, NeverGiveAnIntegerThatWasNotThere) {
  const auto json = *parse_json(
      R"({"most":9223372036854775807,"beyond":18446744073709551615,"float":1e3,"huge":1e300,"half":2.9})");
  EXPECT_EQ(json_integer(json, "most"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(json_integer(json, "beyond", -1), -1);
  EXPECT_EQ(json_integer(json, "float"), 1000);
  EXPECT_EQ(json_integer(json, "huge", -1), -1);
  EXPECT_EQ(json_integer(json, "half"), 2);
}

TEST(Json, WritesTextsThatAreNoUtf8) {
  const Json json = {{"a", "x\xff"}};
  EXPECT_EQ(to_text(json), "{\"a\":\"x\uFFFD\"}");
}

TEST(Json, EscapesWhatATextMayNotHold) {
  const Json json = std::string("a\"\\\n\x01", 5);
  EXPECT_EQ(to_text(json), R"("a\"\\\n\u0001")");
}

TEST(JsonText, IsWrittenAsTheLibraryWritesIt) {
  std::mt19937 random(5);
  using std::string_literals::operator""s;
  const std::string bytes =
      "abc \"\\\n\t\r\b\f\x01\x1f\x7f\x00\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xed\xa0\x80\xff\xc0\xf4\x90"s;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (std::size_t length = random() % (round % 100 == 0 ? 20'000 : 60); text.size() < length;) {
      text += random() % 2 == 0 ? bytes[random() % bytes.size()] : 'x';
      if (random() % 8 == 0) text += "€äü😀 und ein ganzer Satz";
    }
    std::string json;
    append_json_text(json, text);
    ASSERT_EQ(json, to_text(Json(text))) << "round " << round;
  }
}

}  // namespace
}  // namespace base
