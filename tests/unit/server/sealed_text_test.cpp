#include "server/sealed_text.h"

#include <gmock/gmock.h>

#include "base/crypto.h"

namespace {

using server::MasterKey;

TEST(SealedTextTest, OpensWithItsKeyAndForItsPurposeAlone) {
  const auto key = MasterKey::generate();
  const auto sealed = server::seal("correct horse", "octo/app|PASSWORD|1", key);
  EXPECT_EQ(server::unseal(sealed, "octo/app|PASSWORD|1", key).value_or(""), "correct horse");
  for (const auto* purpose : {"octo/other|PASSWORD|1", "octo/app|OTHER|1", "octo/app|PASSWORD|2", ""}) {
    const auto opened = server::unseal(sealed, purpose, key);
    ASSERT_FALSE(opened) << purpose;
    EXPECT_EQ(opened.error().kind, base::ErrorKind::denied);
  }
  const auto opened = server::unseal(sealed, "octo/app|PASSWORD|1", MasterKey::generate());
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, testing::HasSubstr(key.id()));
}

TEST(SealedTextTest, ShowsNothingOfTheTextAndNoTwoAreAlike) {
  const auto key = MasterKey::generate();
  const auto one = server::seal("correct horse", "p", key);
  const auto two = server::seal("correct horse", "p", key);
  EXPECT_NE(one.text, two.text);
  EXPECT_NE(one.wrapped_key, two.wrapped_key);
  EXPECT_THAT(base::base64_decode(one.text).value_or(""), Not(testing::HasSubstr("horse")));
}

TEST(SealedTextTest, NoticesEveryBitThatWasChanged) {
  const auto key = MasterKey::generate();
  const auto sealed = server::seal("x", "p", key);
  const auto raw = base::base64_decode(sealed.text).value_or("");
  for (std::size_t bit = 0; bit < raw.size() * 8; ++bit) {
    auto changed_raw = raw;
    changed_raw[bit / 8] = static_cast<char>(changed_raw[bit / 8] ^ (1 << (bit % 8)));
    auto changed = sealed;
    changed.text = base::base64_encode(changed_raw);
    EXPECT_FALSE(server::unseal(changed, "p", key)) << bit;
  }
  for (const auto* text : {"", "AAAA", "no base64!"}) {
    auto changed = sealed;
    changed.text = text;
    EXPECT_FALSE(server::unseal(changed, "p", key)) << text;
  }
}

TEST(SealedTextTest, IsTheSameTextUnderAnotherMasterKey) {
  const auto old = MasterKey::generate();
  const auto next = MasterKey::generate();
  const auto sealed = server::seal("correct horse", "p", old);
  const auto wrapped = server::rewrap(sealed, "p", old, next);
  ASSERT_TRUE(wrapped);
  EXPECT_EQ(wrapped->text, sealed.text);
  EXPECT_EQ(server::unseal(*wrapped, "p", next).value_or(""), "correct horse");
  EXPECT_FALSE(server::unseal(*wrapped, "p", old));
}

TEST(SealedTextTest, ReadsMasterKeysInHexadecimalAndBase64) {
  const auto key = MasterKey::generate();
  EXPECT_EQ(MasterKey::parse(key.to_text())->id(), key.id());
  const auto hex = base::to_hex(base::base64_decode(key.to_text()).value_or(""));
  EXPECT_EQ(MasterKey::parse(hex)->id(), key.id());
  for (const auto* text : {"", "short", "zz", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="})
    EXPECT_FALSE(MasterKey::parse(text)) << text;
}

}  // namespace
