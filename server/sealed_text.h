#pragma once
// Texts sealed for the disk (XChaCha20-Poly1305 of libsodium): each by a random key of its own, which the
// master key wraps, so that a new master key means to wrap anew and not to read all secrets. What a sealed
// text is for is bound to it: in another place it does not open. Not for where it is kept (secret_store).

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace server {

/// 32 bytes, zeroed when they are not needed any more. Moves leave nothing behind.
class MasterKey {
 public:
  static constexpr std::size_t kSize = 32;

  /// 64 hexadecimal digits, or base64 of 32 bytes as of `openssl rand -base64 32`.
  static base::Result<MasterKey> parse(std::string_view text);
  static MasterKey generate();
  MasterKey(MasterKey&& other) noexcept;
  MasterKey& operator=(MasterKey&& other) noexcept;
  MasterKey(const MasterKey&) = delete;
  MasterKey& operator=(const MasterKey&) = delete;
  ~MasterKey();

  /// Base64, as parse() takes it.
  [[nodiscard]] std::string to_text() const;
  /// Tells keys apart and nothing about them.
  [[nodiscard]] std::string id() const;
  [[nodiscard]] const std::uint8_t* bytes() const { return bytes_.data(); }

 private:
  MasterKey() = default;
  std::array<std::uint8_t, kSize> bytes_{};
};

/// All in base64.
struct SealedText {
  std::string wrapped_key;  ///< nonce and ciphertext
  std::string text;         ///< nonce and ciphertext
  std::string master;       ///< id of the master key
};

SealedText seal(std::string_view text, std::string_view purpose, const MasterKey& master);
/// denied: another master key has sealed it, or it was changed or moved.
base::Result<std::string> unseal(const SealedText& sealed, std::string_view purpose, const MasterKey& master);
/// The same text under another master key.
base::Result<SealedText> rewrap(const SealedText& sealed, std::string_view purpose, const MasterKey& from,
                                const MasterKey& to);

/// Overwrites what a secret stood in.
void forget(std::string& secret);

}  // namespace server
