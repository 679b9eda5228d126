#include "aws/xml.h"

#include <gmock/gmock.h>

#include <string>

#include "base/json.h"

namespace aws {
namespace {

using testing::HasSubstr;

std::string read(std::string_view text) {
  const auto document = parse_xml(text);
  return document ? base::to_text(*document) : document.error().message;
}

TEST(Xml, ElementsBecomeMembersAndTextStaysText) {
  EXPECT_EQ(
      read("<?xml version=\"1.0\"?>\n<!-- x --><A xmlns=\"http://a/\"><B>1</B><C/><D> x &amp; y </D></A>\n"),
      R"({"A":{"B":"1","C":"","D":" x & y "}})");
}

TEST(Xml, MembersBecomeArraysAlsoWhenThereIsOne) {
  EXPECT_EQ(read("<A><L><member><B>1</B></member></L><M><member>a</member>\n<member>b</member></M></A>"),
            R"({"A":{"L":[{"B":"1"}],"M":["a","b"]}})");
}

TEST(Xml, RepeatedElementsBecomeArrays) {
  EXPECT_EQ(read("<A><B>1</B><B>2</B><B>3</B></A>"), R"({"A":{"B":["1","2","3"]}})");
}

TEST(Xml, ReadsEntitiesAndCharacterData) {
  EXPECT_EQ(read("<A>&lt;&gt;&quot;&apos;&#65;&#x20AC;<![CDATA[<raw & more>]]></A>"),
            "{\"A\":\"<>\\\"'A\xE2\x82\xAC<raw & more>\"}");
}

TEST(Xml, DamageIsAnErrorThatNamesThePlace) {
  for (const char* text :
       {"", "x", "<A", "<A>", "<A></B>", "<A>&x;</A>", "<A>&#xFFFFFFFF;</A>", "<A></A>x", "<></>",
        "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<A><![CDATA[x</A>", "<A>&</A>"}) {
    EXPECT_THAT(read(text), HasSubstr("damaged at byte")) << text;
  }
}

TEST(Xml, DeepNestingIsRefusedInsteadOfUsingUpTheStack) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "<a>";
  EXPECT_THAT(read(text), HasSubstr("nested too deep"));
}

}  // namespace
}  // namespace aws
