#include "base/crypto.h"

#include <gtest/gtest.h>

#include <set>

#include "base/strings.h"
#include "tests/unit/base/folder_fixture.h"

namespace base {
namespace {

struct DigestCase {
  const char* name;
  std::string message;
  const char* hex;
};
void PrintTo(const DigestCase& given, std::ostream* out) {
  *out << given.message.size() << " bytes";
}

// FIPS 180-4's examples, as NIST publishes them.
class Sha256Vector : public testing::TestWithParam<DigestCase> {};

TEST_P(Sha256Vector, HasItsPublishedDigest) {
  EXPECT_EQ(sha256_hex(GetParam().message), GetParam().hex);
}

TEST_P(Sha256Vector, HasTheSameDigestInPieces) {
  Sha256 running;
  std::string_view rest = GetParam().message;
  for (std::size_t size = 1; !rest.empty(); size = size * 3 + 1) {
    running.update(rest.substr(0, size));
    rest.remove_prefix(std::min(size, rest.size()));
  }
  Sha256 moved = std::move(running);
  EXPECT_EQ(to_hex(as_text(moved.finish())), GetParam().hex);
}

INSTANTIATE_TEST_SUITE_P(
    , Sha256Vector,
    testing::Values(
        DigestCase{"Empty", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        DigestCase{"Abc", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        DigestCase{"TwoBlocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                   "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        DigestCase{"AMillion", std::string(1'000'000, 'a'),
                   "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"}),
    [](const auto& tested) { return std::string(tested.param.name); });

using Sha256OfFile = FolderTest;

TEST_F(Sha256OfFile, ReadsFromWhereTheDescriptorStands) {
  const auto file = put("file", "xyzabc");
  const Fd fd = std::move(open_beneath(open_directory(folder_.path())->get(), "file", 0)).value();
  char skipped[3];
  ASSERT_EQ(::read(fd.get(), skipped, 3), 3);
  EXPECT_EQ(sha256_hex_of_file(fd.get()).value_or(""), sha256_hex("abc"));
}

TEST_F(Sha256OfFile, SaysWhyItCannotRead) {
  EXPECT_FALSE(sha256_hex_of_file(-1).ok());
  EXPECT_FALSE(sha256_hex_of_file(open_directory(folder_.path())->get()).ok());
}

struct MacCase {
  const char* name;
  std::string key;
  std::string message;
  const char* hex;
};
void PrintTo(const MacCase& given, std::ostream* out) {
  *out << "a key of " << given.key.size() << " bytes, a message of " << given.message.size();
}

// RFC 4231, section 4: all test cases but the truncated one.
class HmacVector : public testing::TestWithParam<MacCase> {};

TEST_P(HmacVector, HasItsPublishedMac) {
  EXPECT_EQ(to_hex(as_text(hmac_sha256(GetParam().key, GetParam().message))), GetParam().hex);
}

std::string counting_up_to(char last) {
  std::string bytes;
  for (char byte = 1; byte <= last; ++byte) bytes += byte;
  return bytes;
}

INSTANTIATE_TEST_SUITE_P(
    Rfc4231, HmacVector,
    testing::Values(
        MacCase{"Case1", std::string(20, '\x0b'), "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        MacCase{"Case2", "Jefe", "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        MacCase{"Case3", std::string(20, '\xaa'), std::string(50, '\xdd'),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        MacCase{"Case4", counting_up_to(25), std::string(50, '\xcd'),
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        MacCase{"Case6", std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        MacCase{
            "Case7", std::string(131, '\xaa'),
            "This is a test using a larger than block-size key and a larger than block-size data. The key "
            "needs to be hashed before being used by the HMAC algorithm.",
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Hmac, TakesAnEmptyKeyAndAnEmptyMessage) {
  const char* published = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
  EXPECT_EQ(to_hex(as_text(hmac_sha256("", ""))), published);
  EXPECT_EQ(to_hex(as_text(hmac_sha256(std::string_view(), std::string_view()))), published);
}

TEST(Crypto, DigestsBySha1) {
  EXPECT_EQ(sha1_hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(sha1_hex(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

TEST(Hmac, KnowsSha1) {
  // RFC 2202, section 3, cases 1 and 2.
  EXPECT_EQ(hmac_sha1_hex(std::string(20, '\x0b'), "Hi There"), "b617318655057264e28bc0b6fb378c8ef146be00");
  EXPECT_EQ(hmac_sha1_hex("Jefe", "what do ya want for nothing?"),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

struct Encoded {
  const char* bytes;
  const char* base64;
};
void PrintTo(const Encoded& given, std::ostream* out) {
  *out << "'" << given.bytes << "' as '" << given.base64 << "'";
}

// RFC 4648, section 10.
class Base64Vector : public testing::TestWithParam<Encoded> {};

TEST_P(Base64Vector, GoesBothWays) {
  EXPECT_EQ(base64_encode(GetParam().bytes), GetParam().base64);
  EXPECT_EQ(base64_decode(GetParam().base64).value_or("none"), GetParam().bytes);
}

TEST_P(Base64Vector, GoesBothWaysForUrlsWithoutPadding) {
  std::string text = GetParam().base64;
  text.resize(std::min(text.find('='), text.size()));
  EXPECT_EQ(base64url_encode(GetParam().bytes), text);
  EXPECT_EQ(base64url_decode(text).value_or("none"), GetParam().bytes);
}

INSTANTIATE_TEST_SUITE_P(Rfc4648, Base64Vector,
                         testing::Values(Encoded{"", ""}, Encoded{"f", "Zg=="}, Encoded{"fo", "Zm8="},
                                         Encoded{"foo", "Zm9v"}, Encoded{"foob", "Zm9vYg=="},
                                         Encoded{"fooba", "Zm9vYmE="}, Encoded{"foobar", "Zm9vYmFy"}));

TEST(Base64, CarriesEveryByteInBothAlphabets) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  for (std::size_t length = 254; length <= 256; ++length) {
    const auto text = bytes.substr(0, length);
    EXPECT_EQ(base64_decode(base64_encode(text)).value_or(""), text);
    EXPECT_EQ(base64url_decode(base64url_encode(text)).value_or(""), text);
  }
  EXPECT_EQ(base64_encode("\xfb\xff\xbf"), "+/+/");
  EXPECT_EQ(base64url_encode("\xfb\xff\xbf"), "-_-_");
}

TEST(Base64, RefusesWhatIsNone) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "Z===", "====", "=", "Zm9v=", "Zg==Zg==", "Z=g=",
                           " Zg==", "Zg==\n", "Zm\n9v", "Zm9-", "Zm9_", "Zm9\xff", "Zm9v Zm9v", "Zm9."}) {
    EXPECT_FALSE(base64_decode(text).ok()) << testing::PrintToString(text);
  }
  EXPECT_FALSE(base64_decode(std::string_view("Zm9\0", 4)).ok());
}

TEST(Base64Url, RefusesTheOtherAlphabetAndPadding) {
  for (const char* text : {"Z", "Zg==", "Zm9+", "Zm9/", "Zm9v Zg", "Zm9vZ", "="}) {
    const auto decoded = base64url_decode(text);
    ASSERT_FALSE(decoded.ok()) << text;
    EXPECT_EQ(decoded.error().message, "not valid base64url");
  }
}

TEST(Random, MakesUuidsOfVersionFourThatDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto uuid = random_uuid();
    EXPECT_TRUE(seen.insert(uuid).second);
    ASSERT_EQ(uuid.size(), 36U);
    for (const std::size_t dash : {8U, 13U, 18U, 23U}) EXPECT_EQ(uuid[dash], '-');
    EXPECT_EQ(uuid[14], '4');
    EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos) << uuid;
    EXPECT_EQ(uuid.find_first_not_of("0123456789abcdef-"), std::string::npos);
  }
}

TEST(Random, GivesAsManyBytesAsAsked) {
  EXPECT_EQ(random_bytes(0), "");
  EXPECT_EQ(random_bytes(33).size(), 33U);
  EXPECT_EQ(random_hex(16).size(), 32U);
  EXPECT_NE(random_hex(16), random_hex(16));
}

TEST(EqualInConstantTime, ComparesLikeEqual) {
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_TRUE(equal_in_constant_time("secret", "secret"));
  EXPECT_FALSE(equal_in_constant_time("secret", "secrez"));
  EXPECT_FALSE(equal_in_constant_time("secret", "secre"));
  EXPECT_FALSE(equal_in_constant_time("", "x"));
}

TEST(ToHex, WritesLowerCase) {
  EXPECT_EQ(to_hex(std::string_view("\x00\x0f\xf0\xff", 4)), "000ff0ff");
}

class Rsa : public testing::Test {
 protected:
  static void SetUpTestSuite() { key_ = new RsaKey(RsaKey::generate().value()); }
  static void TearDownTestSuite() { delete key_; }
  static RsaKey* key_;
};
RsaKey* Rsa::key_ = nullptr;

TEST_F(Rsa, VerifiesWhatItSignedAndNothingElse) {
  const auto signature = key_->sign_rs256("header.payload");
  ASSERT_TRUE(signature.ok());
  EXPECT_EQ(signature->size(), 256U);
  EXPECT_TRUE(key_->verify_rs256("header.payload", *signature));
  EXPECT_FALSE(key_->verify_rs256("header.payloae", *signature));
  EXPECT_FALSE(key_->verify_rs256("header.payload", ""));
  EXPECT_FALSE(key_->verify_rs256("header.payload", signature->substr(1)));
  auto changed = *signature;
  changed[100] = static_cast<char>(changed[100] ^ 1);
  EXPECT_FALSE(key_->verify_rs256("header.payload", changed));
}

TEST_F(Rsa, SignsTheSameAfterItWasSavedAndRead) {
  const auto pem = key_->private_pem();
  ASSERT_TRUE(pem.ok());
  EXPECT_TRUE(pem->starts_with("-----BEGIN PRIVATE KEY-----\n"));
  const auto read = RsaKey::from_private_pem(*pem);
  ASSERT_TRUE(read.ok()) << read.error().to_string();
  EXPECT_EQ(read->sign_rs256("m").value_or("one"), key_->sign_rs256("m").value_or("other"));
  EXPECT_EQ(read->jwk_n(), key_->jwk_n());
}

TEST_F(Rsa, IsVerifiedByItsPublicHalf) {
  const auto verifier = RsaKey::from_jwk(key_->jwk_n(), key_->jwk_e());
  ASSERT_TRUE(verifier.ok()) << verifier.error().to_string();
  EXPECT_TRUE(verifier->verify_rs256("m", key_->sign_rs256("m").value_or("")));
  EXPECT_EQ(verifier->jwk_n(), key_->jwk_n());
  EXPECT_EQ(verifier->jwk_e(), "AQAB");
  EXPECT_FALSE(verifier->sign_rs256("m").ok()) << "a public half cannot sign";
}

TEST_F(Rsa, IsNotVerifiedByAnotherKey) {
  const auto other = RsaKey::generate();
  ASSERT_TRUE(other.ok());
  EXPECT_FALSE(other->verify_rs256("m", key_->sign_rs256("m").value_or("")));
}

// RFC 7515, appendix A.2: the key, the signing input and the signature of a published RS256 token.
TEST(RsaVector, AgreesWithThePublishedToken) {
  const auto key = RsaKey::from_jwk(
      "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yR"
      "T-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXB"
      "dQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9ia"
      "GNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
      "AQAB");
  ASSERT_TRUE(key.ok()) << key.error().to_string();
  const auto signature = base64url_decode(
      "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9"
      "uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB"
      "_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rq"
      "Vt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw");
  ASSERT_TRUE(signature.ok());
  EXPECT_TRUE(
      key->verify_rs256("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6"
                        "Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
                        *signature));
}

TEST(RsaKeys, AreRefusedWhenTheyAreNone) {
  for (const char* pem : {"", "no key", "-----BEGIN PRIVATE KEY-----\nZm9v\n-----END PRIVATE KEY-----\n",
                          // An EC key (P-256), a key all the same.
                          "-----BEGIN PRIVATE KEY-----\n"
                          "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2\n"
                          "OF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r\n"
                          "1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G\n"
                          "-----END PRIVATE KEY-----\n"}) {
    const auto key = RsaKey::from_private_pem(pem);
    ASSERT_FALSE(key.ok()) << pem;
    EXPECT_EQ(key.error().kind, ErrorKind::invalid_input);
  }
  EXPECT_FALSE(RsaKey::from_jwk("", "AQAB").ok());
  EXPECT_FALSE(RsaKey::from_jwk("AQAB", "").ok());
  EXPECT_FALSE(RsaKey::from_jwk("AA", "AQAB").ok()) << "a modulus of zero";
  EXPECT_FALSE(RsaKey::from_jwk("not base64url", "AQAB").ok());
}

}  // namespace
}  // namespace base
