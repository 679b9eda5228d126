#include "emulator/cbor.h"

#include <gmock/gmock.h>

namespace emulator {
namespace {

std::string read(std::string_view bytes) {
  const auto value = parse_cbor(bytes);
  return value ? base::to_text(*value) : value.error().message;
}

template <std::size_t size>
std::string read(const unsigned char (&bytes)[size]) {
  return read(std::string_view(reinterpret_cast<const char*>(bytes), size));
}

// The examples of RFC 8949, appendix A.
TEST(CborTest, ReadsTheExamplesOfTheStandard) {
  EXPECT_EQ(read({0x00}), "0");
  EXPECT_EQ(read({0x18, 0x64}), "100");
  EXPECT_EQ(read({0x1b, 0x00, 0x00, 0x00, 0xe8, 0xd4, 0xa5, 0x10, 0x00}), "1000000000000");
  EXPECT_EQ(read({0x39, 0x03, 0xe7}), "-1000");
  EXPECT_EQ(read({0xf9, 0x3c, 0x00}), "1.0");
  EXPECT_EQ(read({0xf9, 0x00, 0x01}), "5.960464477539063e-08");
  EXPECT_EQ(read({0xfa, 0x47, 0xc3, 0x50, 0x00}), "100000.0");
  EXPECT_EQ(read({0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a}), "1.1");
  EXPECT_EQ(read({0xf5}), "true");
  EXPECT_EQ(read({0xc1, 0x1a, 0x51, 0x4b, 0x67, 0xb0}), "1363896240");
  EXPECT_EQ(read({0x62, 0xc3, 0xbc}), "\"\u00fc\"");
  EXPECT_EQ(read({0x83, 0x01, 0x02, 0x03}), "[1,2,3]");
  EXPECT_EQ(read({0xa2, 0x61, 0x61, 0x01, 0x61, 0x62, 0x82, 0x02, 0x03}), R"({"a":1,"b":[2,3]})");
  EXPECT_EQ(read({0x7f, 0x65, 0x73, 0x74, 0x72, 0x65, 0x61, 0x64, 0x6d, 0x69, 0x6e, 0x67, 0xff}),
            "\"streaming\"");
  EXPECT_EQ(read({0x9f, 0x01, 0x82, 0x02, 0x03, 0xff}), "[1,[2,3]]");
  EXPECT_EQ(read({0xbf, 0x61, 0x61, 0x01, 0xff}), R"({"a":1})");
}

TEST(CborTest, RefusesWhatIsNoDocument) {
  EXPECT_THAT(read(""), testing::HasSubstr("ends too early"));
  EXPECT_THAT(read({0x82, 0x01}), testing::HasSubstr("ends too early"));
  EXPECT_THAT(read({0x01, 0x02}), testing::HasSubstr("bytes after the document"));
  EXPECT_THAT(read({0xa1, 0x01, 0x02}), testing::HasSubstr("expected a text as the key"));
  EXPECT_THAT(read({0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
              testing::HasSubstr("longer than the document"));
  EXPECT_THAT(read({0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
              testing::HasSubstr("ends too early"));
  EXPECT_THAT(read({0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), testing::HasSubstr("too small"));
  EXPECT_THAT(read({0xff}), testing::HasSubstr("not defined"));
}

TEST(CborTest, RefusesDepthInsteadOfEndingInIt) {
  for (const char opener : {'\x81', '\x9f', '\xc1', '\x7f', '\x5f'})
    EXPECT_THAT(read(std::string(8 << 20, opener)),
                testing::AnyOf(testing::HasSubstr("deeper than 32"), testing::HasSubstr("expected a piece")));
}

TEST(CborTest, WritesWhatItReadsAndTagsTimes) {
  const base::Json value = {{"When", 1.5},      {"Times", {1, 2}}, {"Small", -70000},
                            {"Text", "\u4e16"}, {"None", nullptr}, {"Yes", true}};
  const auto bytes = to_cbor(value, {"When", "Times"});
  EXPECT_EQ(read(bytes), R"({"When":1.5,"Times":[1.0,2.0],"Small":-70000,"Text":"世","Yes":true})");
  EXPECT_THAT(bytes, testing::HasSubstr(std::string("\x64When\xc1\xfb", 7)));
}

}  // namespace
}  // namespace emulator
