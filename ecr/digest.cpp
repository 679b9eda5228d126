#include "ecr/digest.h"

#include <fmt/format.h>

#include "base/crypto.h"

namespace ecr {

base::Result<Digest> Digest::parse(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  const bool valid = text.starts_with(kPrefix) && text.size() == kPrefix.size() + 64 &&
                     text.find_first_not_of("0123456789abcdef", kPrefix.size()) == std::string_view::npos;
  if (!valid) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("expected a digest sha256:<64 hex digits>, found '{}'", text.substr(0, 100)));
  }
  return from_hex(std::string(text.substr(kPrefix.size())));
}

Digest Digest::of(std::string_view bytes) { return from_hex(base::sha256_hex(bytes)); }

Digest Digest::from_hex(std::string hex) {
  Digest digest;
  digest.hex_ = std::move(hex);
  return digest;
}

}  // namespace ecr
