#include "ecr/digest.h"

#include <algorithm>

#include <fmt/format.h>

namespace ecr {

namespace {

constexpr std::string_view kPrefix = "sha256:";
constexpr std::size_t kHexDigits = 64;

bool is_lower_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

}  // namespace

base::Result<Digest> Digest::parse(std::string_view text) {
  const bool right = text.starts_with(kPrefix) && text.size() == kPrefix.size() + kHexDigits &&
                     std::all_of(text.begin() + kPrefix.size(), text.end(), is_lower_hex);
  if (!right) {
    return base::make_error(base::ErrorKind::invalid_input,
                            fmt::format("\"{}\" is no digest: expected sha256: and 64 lower-case hex digits",
                                        text.substr(0, 200)));
  }
  return Digest(std::string(text.substr(kPrefix.size())));
}

Digest Digest::of(std::string_view bytes) {
  return Digest(base::sha256_hex(bytes));
}

Digest Digest::from(const base::Sha256Bytes& bytes) {
  return Digest(base::to_hex(base::as_text(bytes)));
}

}  // namespace ecr
