#include "server/sealed_text.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "base/crypto.h"

namespace server {

namespace {

constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
static_assert(MasterKey::kSize == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

// Without it no call of the library is safe. It fails only where there is no randomness at all.
void start_library() {
  static const int started = ::sodium_init();
  if (started < 0) throw std::runtime_error("libsodium finds no source of randomness");
}

const std::uint8_t* octets(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

// The two uses of a purpose are kept apart: a wrapped key is no text.
std::string bound_to(std::string_view use, std::string_view purpose) {
  return fmt::format("{}:{}", use, purpose);
}

std::string encrypt(std::string_view text, const std::string& bound, const std::uint8_t* key) {
  std::string sealed(kNonce + text.size() + kTag, '\0');
  auto* bytes = reinterpret_cast<std::uint8_t*>(sealed.data());
  ::randombytes_buf(bytes, kNonce);
  ::crypto_aead_xchacha20poly1305_ietf_encrypt(bytes + kNonce, nullptr, octets(text), text.size(),
                                               octets(bound), bound.size(), nullptr, bytes, key);
  return base::base64_encode(sealed);
}

base::Result<std::string> decrypt(const std::string& sealed_text, const std::string& bound,
                                  const std::uint8_t* key) {
  TRY(const auto sealed, base::base64_decode(sealed_text));
  const auto refused = [] {
    return base::make_error(base::ErrorKind::denied,
                            "the sealed secret does not open: it was changed, or moved from another place");
  };
  if (sealed.size() < kNonce + kTag) return refused();
  std::string text(sealed.size() - kNonce - kTag, '\0');
  const auto* bytes = octets(sealed);
  if (::crypto_aead_xchacha20poly1305_ietf_decrypt(reinterpret_cast<std::uint8_t*>(text.data()), nullptr,
                                                   nullptr, bytes + kNonce, sealed.size() - kNonce,
                                                   octets(bound), bound.size(), bytes, key) != 0) {
    return refused();
  }
  return text;
}

base::Result<std::string> unwrap(const SealedText& sealed, std::string_view purpose,
                                 const MasterKey& master) {
  if (sealed.master != master.id()) {
    return base::make_error(
        base::ErrorKind::denied,
        fmt::format("sealed by the master key {}, but the one at hand is {}", sealed.master, master.id()));
  }
  TRY(auto key, decrypt(sealed.wrapped_key, bound_to("key", purpose), master.bytes()));
  if (key.size() == MasterKey::kSize) return key;
  forget(key);
  return base::make_error(base::ErrorKind::denied, "the sealed secret holds no key");
}

}  // namespace

void forget(std::string& secret) {
  ::sodium_memzero(secret.data(), secret.size());
  secret.clear();
}

base::Result<MasterKey> MasterKey::parse(std::string_view text) {
  start_library();
  std::string raw;
  if (text.size() == 2 * kSize) {
    raw.resize(kSize);
    std::size_t length = 0;
    const char* end = nullptr;
    if (::sodium_hex2bin(reinterpret_cast<std::uint8_t*>(raw.data()), kSize, text.data(), text.size(),
                         nullptr, &length, &end) != 0 ||
        length != kSize)
      raw.clear();
  } else if (auto decoded = base::base64_decode(text)) {
    raw = std::move(*decoded);
  }
  if (raw.size() != kSize) {
    forget(raw);
    return base::invalid_input(
        "expected a master key of 32 bytes, as `openssl rand -base64 32` makes one, found something else");
  }
  MasterKey key;
  std::copy_n(octets(raw), kSize, key.bytes_.begin());
  forget(raw);
  return key;
}

MasterKey MasterKey::generate() {
  start_library();
  MasterKey key;
  ::randombytes_buf(key.bytes_.data(), kSize);
  return key;
}

MasterKey::MasterKey(MasterKey&& other) noexcept : bytes_(other.bytes_) {
  ::sodium_memzero(other.bytes_.data(), kSize);
}

MasterKey& MasterKey::operator=(MasterKey&& other) noexcept {
  if (this != &other) {
    bytes_ = other.bytes_;
    ::sodium_memzero(other.bytes_.data(), kSize);
  }
  return *this;
}

MasterKey::~MasterKey() {
  ::sodium_memzero(bytes_.data(), kSize);
}

std::string MasterKey::to_text() const {
  return base::base64_encode({reinterpret_cast<const char*>(bytes_.data()), kSize});
}

std::string MasterKey::id() const {
  std::array<std::uint8_t, crypto_generichash_BYTES_MIN> digest{};
  constexpr std::string_view kUse = "pipeline master key";
  ::crypto_generichash(digest.data(), digest.size(), bytes_.data(), kSize, octets(kUse), kUse.size());
  return base::to_hex({reinterpret_cast<const char*>(digest.data()), 8});
}

SealedText seal(std::string_view text, std::string_view purpose, const MasterKey& master) {
  const auto key = MasterKey::generate();
  const std::string_view key_bytes(reinterpret_cast<const char*>(key.bytes()), MasterKey::kSize);
  return {.wrapped_key = encrypt(key_bytes, bound_to("key", purpose), master.bytes()),
          .text = encrypt(text, bound_to("text", purpose), key.bytes()),
          .master = master.id()};
}

base::Result<std::string> unseal(const SealedText& sealed, std::string_view purpose,
                                 const MasterKey& master) {
  TRY(auto key, unwrap(sealed, purpose, master));
  auto text = decrypt(sealed.text, bound_to("text", purpose), octets(key));
  forget(key);
  return text;
}

base::Result<SealedText> rewrap(const SealedText& sealed, std::string_view purpose, const MasterKey& from,
                                const MasterKey& to) {
  TRY(auto key, unwrap(sealed, purpose, from));
  SealedText wrapped{.wrapped_key = encrypt(key, bound_to("key", purpose), to.bytes()),
                     .text = sealed.text,
                     .master = to.id()};
  forget(key);
  return wrapped;
}

}  // namespace server
