#pragma once
// Digests, MACs, encodings, RSA signatures: the OpenSSL we use, with our types. Not a place for protocols
// (SigV4 is aws/sigv4, tokens are runner/oidc_issuer and emulator/sts_service).

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace base {

using Sha256Bytes = std::array<std::uint8_t, 32>;

/// A running SHA-256.
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();
  void update(std::string_view bytes);
  /// Ends it; call once.
  Sha256Bytes finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Sha256Bytes sha256(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);
Result<std::string> sha256_hex_of_file(int fd);
Sha256Bytes hmac_sha256(std::string_view key, std::string_view message);
std::string sha1_hex(std::string_view bytes);
std::string hmac_sha1_hex(std::string_view key, std::string_view message);
std::string to_hex(std::string_view bytes);
inline std::string_view as_text(const Sha256Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string base64_encode(std::string_view bytes);
Result<std::string> base64_decode(std::string_view text);
std::string base64url_encode(std::string_view bytes);  ///< no padding (RFC 7515)
Result<std::string> base64url_decode(std::string_view text);

/// From the system's generator.
std::string random_bytes(std::size_t count);
std::string random_hex(std::size_t bytes);
/// Version 4, lower case, with dashes.
std::string random_uuid();
bool equal_in_constant_time(std::string_view a, std::string_view b);

/// An RSA key: ours (private) or somebody's (public only).
class RsaKey {
 public:
  /// 2048 bits; takes tens of milliseconds.
  static Result<RsaKey> generate();
  static Result<RsaKey> from_private_pem(std::string_view pem);
  /// From a JWK's base64url `n` and `e`.
  static Result<RsaKey> from_jwk(std::string_view n, std::string_view e);
  RsaKey(RsaKey&&) noexcept;
  RsaKey& operator=(RsaKey&&) noexcept;
  ~RsaKey();

  [[nodiscard]] Result<std::string> private_pem() const;
  [[nodiscard]] std::string jwk_n() const;
  [[nodiscard]] std::string jwk_e() const;
  /// PKCS#1 v1.5 over SHA-256, as JWT's RS256 has it; the raw signature.
  [[nodiscard]] Result<std::string> sign_rs256(std::string_view message) const;
  [[nodiscard]] bool verify_rs256(std::string_view message, std::string_view signature) const;

 private:
  struct State;
  explicit RsaKey(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace base
