#include "runner/oidc_keys.h"

#include <gmock/gmock.h>

#include "base/json.h"

namespace runner {
namespace {

using ::testing::ElementsAre;

constexpr double kDay = 86400;

// Not secret, but not as it was either.
const OidcKeySealing kReversed{
    .seal = [](const std::string& pem, const std::string&) -> base::Result<base::Json> {
      return base::Json(std::string(pem.rbegin(), pem.rend()));
    },
    .open = [](const base::Json& sealed, const std::string&) -> base::Result<std::string> {
      const auto text = sealed.get<std::string>();
      return std::string(text.rbegin(), text.rend());
    }};

std::vector<std::string> ids_of(const std::vector<OidcKey>& keys) {
  std::vector<std::string> ids;
  for (const auto& key : keys) ids.push_back(key.id);
  return ids;
}

base::Result<OidcKey> next_key(double now) {
  return OidcKey{
      .id = "day " + std::to_string(static_cast<int>(now / kDay)), .private_pem = "pem", .made = now};
}

std::vector<OidcKey> rotated(std::vector<OidcKey> keys, double now) {
  return rotate_keys(std::move(keys), now, next_key).value_or({});
}

TEST(OidcKeysTest, TheFirstKeySignsAtOnce) {
  const auto keys = rotated({}, kDay);
  EXPECT_THAT(ids_of(keys), ElementsAre("day 1"));
  EXPECT_EQ(signing_key(keys, kDay)->id, "day 1");
}

TEST(OidcKeysTest, TheNextOneSignsADayAfterTheWorldKnowsItAndNoSooner) {
  std::vector<OidcKey> keys{{"old", "pem", kDay, kDay}};
  keys = rotated(keys, 90 * kDay);
  EXPECT_EQ(keys.size(), 1U);
  keys = rotated(keys, 91 * kDay);
  EXPECT_THAT(ids_of(keys), ElementsAre("old", "day 91"));
  EXPECT_EQ(signing_key(keys, 300 * kDay)->id, "old") << "nobody has published the next one";
  keys[1].published = 92 * kDay;
  EXPECT_EQ(signing_key(keys, 93 * kDay - 1)->id, "old");
  EXPECT_EQ(signing_key(keys, 93 * kDay)->id, "day 91");
}

TEST(OidcKeysTest, AKeyIsKeptADayAfterItsLastSignature) {
  std::vector<OidcKey> keys{{"old", "pem", kDay, kDay}, {"new", "pem", 91 * kDay, 92 * kDay}};
  EXPECT_THAT(ids_of(rotated(keys, 94 * kDay - 1)), ElementsAre("old", "new"));
  EXPECT_THAT(ids_of(rotated(keys, 94 * kDay)), ElementsAre("new"));
}

TEST(OidcKeysTest, OnlyOneKeyFollows) {
  std::vector<OidcKey> keys{{"old", "pem", kDay, kDay}};
  for (double now = 91 * kDay; now < 120 * kDay; now += kDay) keys = rotated(keys, now);
  EXPECT_EQ(keys.size(), 2U);
}

TEST(OidcKeysTest, AreKeptForTheirOwnerAlone) {
  const auto folder = base::TempDir::create("oidc");
  ASSERT_TRUE(folder.ok());
  EXPECT_TRUE(load_oidc_keyring(folder->path(), kReversed)->keys.empty());
  const OidcKeyring keyring{"https://oidc.example.org", {{"a", "pem", 1, 2}, {"b", "pem", 3, 0}}};
  ASSERT_TRUE(store_oidc_keyring(folder->path(), keyring, kReversed).ok());
  const auto loaded = load_oidc_keyring(folder->path(), kReversed);
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->issuer, keyring.issuer);
  EXPECT_EQ(loaded->keys, keyring.keys);
  const auto text = base::read_file(oidc_folder(folder->path()) / "keys.json");
  EXPECT_THAT(*text, ::testing::Not(::testing::HasSubstr("pem")));
}

TEST(OidcKeysTest, OfVersionsThatSealedNothingAreTaken) {
  const auto folder = base::TempDir::create("oidc");
  ASSERT_TRUE(base::make_directories(oidc_folder(folder->path()), 0700).ok());
  const auto* const old =
      R"({"issuer": "https://a", "keys": [{"id": "a", "private_pem": "pem", "made": 1}]})";
  ASSERT_TRUE(base::write_file(oidc_folder(folder->path()) / "keys.json", old).ok());
  const auto loaded = load_oidc_keyring(folder->path(), kReversed);
  ASSERT_TRUE(loaded.ok()) << loaded.error().to_string();
  EXPECT_EQ(loaded->keys.at(0).private_pem, "pem");
}

// The key and thumbprint of RFC 7638, section 3.1.
TEST(OidcKeysTest, AreNamedByTheThumbprintOfTheirStandard) {
  const auto key = base::RsaKey::from_jwk(
      "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
      "BJECPebWKRXjBZCiFV4n3ok"
      "njhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
      "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6"
      "qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-"
      "csFCur-kEgU8awa"
      "pJzKnqDKgw",
      "AQAB");
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(thumbprint(*key), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

}  // namespace
}  // namespace runner
