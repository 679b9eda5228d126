#include "runner/signed_url.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/strings.h"

namespace runner {

namespace {

constexpr std::size_t kKeyBytes = 32;

std::int64_t seconds_now() {
  return static_cast<std::int64_t>(base::to_epoch_seconds(base::system_clock().now()));
}

}  // namespace

UrlSigner::UrlSigner() : key_(base::random_bytes(kKeyBytes)) {}

std::string UrlSigner::signature(std::string_view path, UrlRight right, std::string_view end) const {
  const auto mac = base::hmac_sha256(key_, fmt::format("{}\n{}\n{}", static_cast<char>(right), end, path));
  return base::to_hex(base::as_text(mac));
}

std::string UrlSigner::sign(const std::string& path, UrlRight right, int seconds) const {
  const auto end = std::to_string(seconds_now() + seconds);
  return fmt::format("{}?se={}&sp={}&sig={}", path, end, static_cast<char>(right),
                     signature(path, right, end));
}

bool UrlSigner::allows(const base::ServerRequest& request, UrlRight right) const {
  const auto end = request.query_value("se").value_or("");
  const auto given = request.query_value("sig").value_or("");
  if (!base::equal_in_constant_time(given, signature(request.path, right, end))) return false;
  return base::parse_integer(end).value_or(0) > seconds_now();
}

}  // namespace runner
