#include "base/crypto.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <vector>

#include "base/free_with.h"

namespace base {

namespace {

using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using KeyOperation = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using DigestOperation = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using Memory = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using Number = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;

constexpr int kRsaBits = 2048;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

// Fetched once: the implicit fetch of OpenSSL 3 costs more than a small digest.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

bool is_base64(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

// OpenSSL takes a null key for none at all and leaves the result as it was, instead of using an empty key.
const char* key_bytes_of(std::string_view key) {
  return key.empty() ? "" : key.data();
}

Error bad_encoding(const char* name) {
  return make_error(ErrorKind::invalid_input, std::string("not valid ") + name);
}

}  // namespace

struct Sha256::State {
  DigestOperation operation{EVP_MD_CTX_new()};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  EVP_DigestInit_ex(state_->operation.get(), sha256_algorithm(), nullptr);
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) {
  EVP_DigestUpdate(state_->operation.get(), bytes.data(), bytes.size());
}

Sha256Bytes Sha256::finish() {
  Sha256Bytes result{};
  EVP_DigestFinal_ex(state_->operation.get(), result.data(), nullptr);
  return result;
}

Sha256Bytes sha256(std::string_view bytes) {
  Sha256 running;
  running.update(bytes);
  return running.finish();
}

std::string sha256_hex(std::string_view bytes) {
  return to_hex(as_text(sha256(bytes)));
}

Result<std::string> sha256_hex_of_file(int fd) {
  Sha256 running;
  std::vector<char> buffer(256 * 1024);
  while (true) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error("read", errno);
    if (count == 0) return to_hex(as_text(running.finish()));
    running.update({buffer.data(), static_cast<std::size_t>(count)});
  }
}

Sha256Bytes hmac_sha256(std::string_view key, std::string_view message) {
  Sha256Bytes result{};
  HMAC(EVP_sha256(), key_bytes_of(key), static_cast<int>(key.size()), bytes_of(message), message.size(),
       result.data(), nullptr);
  return result;
}

std::string sha1_hex(std::string_view bytes) {
  std::string result(20, '\0');
  EVP_Digest(bytes_of(bytes), bytes.size(), bytes_of(result), nullptr, EVP_sha1(), nullptr);
  return to_hex(result);
}

std::string hmac_sha1_hex(std::string_view key, std::string_view message) {
  std::string result(20, '\0');
  HMAC(EVP_sha1(), key_bytes_of(key), static_cast<int>(key.size()), bytes_of(message), message.size(),
       bytes_of(result), nullptr);
  return to_hex(result);
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string result;
  result.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    result += kDigits[byte >> 4];
    result += kDigits[byte & 15];
  }
  return result;
}

std::string base64_encode(std::string_view bytes) {
  std::string result((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(bytes_of(result), bytes_of(bytes), static_cast<int>(bytes.size()));
  result.resize(static_cast<std::size_t>(length));
  return result;
}

Result<std::string> base64_decode(std::string_view text) {
  if (text.empty()) return std::string();
  // EVP_DecodeBlock forgives white space around the text and '=' anywhere in it.
  const auto end = std::min(text.find('='), text.size());
  const bool padded_right =
      text.size() - end <= 2 && text.substr(end).find_first_not_of('=') == std::string_view::npos;
  if (text.size() % 4 != 0 || !padded_right || !std::all_of(text.begin(), text.begin() + end, is_base64)) {
    return bad_encoding("base64");
  }
  std::string result(text.size() / 4 * 3, '\0');
  const int length = EVP_DecodeBlock(bytes_of(result), bytes_of(text), static_cast<int>(text.size()));
  if (length < 0) return bad_encoding("base64");
  result.resize(static_cast<std::size_t>(length) - (text.size() - end));
  return result;
}

std::string base64url_encode(std::string_view bytes) {
  std::string result = base64_encode(bytes);
  while (result.ends_with('=')) result.pop_back();
  for (char& c : result) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return result;
}

Result<std::string> base64url_decode(std::string_view text) {
  std::string standard(text);
  for (char& c : standard) {
    if (c == '+' || c == '/' || c == '=') return bad_encoding("base64url");
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  if (standard.size() % 4 == 1) return bad_encoding("base64url");
  while (standard.size() % 4 != 0) standard += '=';
  auto decoded = base64_decode(standard);
  if (!decoded) return bad_encoding("base64url");
  return decoded;
}

std::string random_bytes(std::size_t count) {
  std::string result(count, '\0');
  // From the kernel: OpenSSL would first set up generators of its own, which takes a millisecond and a half.
  // Without randomness no token may be made; there is nothing sensible to go on with.
  for (std::size_t filled = 0; filled < count;) {
    const ssize_t more = ::getrandom(result.data() + filled, count - filled, 0);
    if (more < 0 && errno != EINTR) std::abort();
    if (more > 0) filled += static_cast<std::size_t>(more);
  }
  return result;
}

std::string random_hex(std::size_t bytes) {
  return to_hex(random_bytes(bytes));
}

std::string random_uuid() {
  std::string bytes = random_bytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  std::string hex = to_hex(bytes);
  for (const std::size_t position : {8U, 13U, 18U, 23U}) hex.insert(position, "-");
  return hex;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

struct RsaKey::State {
  Key key;

  [[nodiscard]] std::string number(const char* name) const {
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(key.get(), name, &raw) != 1) return "";
    const Number value(raw);
    std::string bytes(static_cast<std::size_t>(BN_num_bytes(raw)), '\0');
    BN_bn2bin(raw, bytes_of(bytes));
    return base64url_encode(bytes);
  }
};

RsaKey::RsaKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
RsaKey::RsaKey(RsaKey&&) noexcept = default;
RsaKey& RsaKey::operator=(RsaKey&&) noexcept = default;
RsaKey::~RsaKey() = default;

Result<RsaKey> RsaKey::generate() {
  Key key(EVP_RSA_gen(kRsaBits));
  if (!key) return make_error(ErrorKind::internal, "cannot generate an RSA key");
  return RsaKey(std::make_unique<State>(State{std::move(key)}));
}

Result<RsaKey> RsaKey::from_private_pem(std::string_view pem) {
  const Memory memory(pem.empty() ? nullptr : BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  // Without this OpenSSL would ask the terminal for the passphrase of an encrypted key.
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  Key key(memory ? PEM_read_bio_PrivateKey(memory.get(), nullptr, no_passphrase, nullptr) : nullptr);
  ERR_clear_error();
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
    return make_error(ErrorKind::invalid_input, "expected an RSA private key in PEM form, not encrypted");
  }
  return RsaKey(std::make_unique<State>(State{std::move(key)}));
}

Result<RsaKey> RsaKey::from_jwk(std::string_view n, std::string_view e) {
  TRY(const auto modulus, base64url_decode(n));
  TRY(const auto exponent, base64url_decode(e));
  const Number n_number(
      BN_bin2bn(bytes_of(std::string_view(modulus)), static_cast<int>(modulus.size()), nullptr));
  const Number e_number(
      BN_bin2bn(bytes_of(std::string_view(exponent)), static_cast<int>(exponent.size()), nullptr));
  const std::unique_ptr<OSSL_PARAM_BLD, FreeWith<OSSL_PARAM_BLD_free>> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n_number.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e_number.get());
  const std::unique_ptr<OSSL_PARAM, FreeWith<OSSL_PARAM_free>> parameters(
      OSSL_PARAM_BLD_to_param(builder.get()));
  const KeyOperation operation(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* raw = nullptr;
  if (BN_is_zero(n_number.get()) || BN_is_zero(e_number.get())) {
    return make_error(ErrorKind::invalid_input, "the JWK has an empty n or e");
  }
  if (EVP_PKEY_fromdata_init(operation.get()) != 1 ||
      EVP_PKEY_fromdata(operation.get(), &raw, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return make_error(ErrorKind::invalid_input, "the JWK is not an RSA public key");
  }
  return RsaKey(std::make_unique<State>(State{Key(raw)}));
}

Result<std::string> RsaKey::private_pem() const {
  const Memory memory(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PrivateKey(memory.get(), state_->key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return make_error(ErrorKind::internal, "cannot write the RSA key as PEM");
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

std::string RsaKey::jwk_n() const {
  return state_->number(OSSL_PKEY_PARAM_RSA_N);
}
std::string RsaKey::jwk_e() const {
  return state_->number(OSSL_PKEY_PARAM_RSA_E);
}

Result<std::string> RsaKey::sign_rs256(std::string_view message) const {
  const DigestOperation operation(EVP_MD_CTX_new());
  std::size_t size = 0;
  std::string signature;
  if (EVP_DigestSignInit(operation.get(), nullptr, EVP_sha256(), nullptr, state_->key.get()) != 1 ||
      EVP_DigestSign(operation.get(), nullptr, &size, bytes_of(message), message.size()) != 1) {
    return make_error(ErrorKind::internal, "cannot sign with this RSA key");
  }
  signature.resize(size);
  if (EVP_DigestSign(operation.get(), bytes_of(signature), &size, bytes_of(message), message.size()) != 1) {
    return make_error(ErrorKind::internal, "cannot sign with this RSA key");
  }
  signature.resize(size);
  return signature;
}

bool RsaKey::verify_rs256(std::string_view message, std::string_view signature) const {
  const DigestOperation operation(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(operation.get(), nullptr, EVP_sha256(), nullptr, state_->key.get()) == 1 &&
         EVP_DigestVerify(operation.get(), bytes_of(signature), signature.size(), bytes_of(message),
                          message.size()) == 1;
}

}  // namespace base
