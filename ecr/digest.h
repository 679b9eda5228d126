#pragma once
// Content digests of blobs: sha256 only, as `sha256:<64 lower-case hex digits>`. Other algorithms are
// refused, so that no two spellings name one content.

#include <compare>
#include <string>
#include <string_view>

#include "base/crypto.h"
#include "base/result.h"

namespace ecr {

class Digest {
 public:
  /// Names nothing; only good for being assigned to.
  Digest() = default;
  /// `sha256:` and 64 lower-case hex digits, nothing else.
  static base::Result<Digest> parse(std::string_view text);
  static Digest of(std::string_view bytes);
  static Digest from(const base::Sha256Bytes& bytes);

  [[nodiscard]] const std::string& hex() const { return hex_; }
  /// sha256:…
  [[nodiscard]] std::string to_string() const { return "sha256:" + hex_; }
  [[nodiscard]] bool empty() const { return hex_.empty(); }
  auto operator<=>(const Digest&) const = default;

 private:
  explicit Digest(std::string hex) : hex_(std::move(hex)) {}
  std::string hex_;
};

}  // namespace ecr
