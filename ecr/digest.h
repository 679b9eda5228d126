#pragma once
// Content digests of the OCI image specification: `sha256:` and 64 lower-case hex digits.

#include <string>
#include <string_view>

#include "base/result.h"

namespace ecr {

/// A valid sha256 digest, or empty. Ordered and compared by its text.
class Digest {
 public:
  Digest() = default;
  /// Refuses other algorithms, upper case and wrong lengths (image-spec descriptor.md#digests).
  static base::Result<Digest> parse(std::string_view text);
  static Digest of(std::string_view bytes);
  static Digest from_hex(std::string hex);  ///< 64 lower-case hex digits
  [[nodiscard]] const std::string& hex() const { return hex_; }
  [[nodiscard]] std::string to_string() const { return hex_.empty() ? "" : "sha256:" + hex_; }
  [[nodiscard]] bool empty() const { return hex_.empty(); }
  auto operator<=>(const Digest&) const = default;

 private:
  std::string hex_;
};

}  // namespace ecr
