#include "base/xml_text.h"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(XmlText, EscapesWhatWouldBeMarkup) {
  EXPECT_EQ(xml_escaped("a < b && \"c\" > 'd'"), "a &lt; b &amp;&amp; &quot;c&quot; &gt; 'd'");
}

TEST(XmlText, LeavesOutWhatXmlCannotHold) {
  EXPECT_EQ(xml_escaped("a\x1b[31m\x01\tb\nü"), "a[31m\tb\nü");
}

}  // namespace
}  // namespace base
