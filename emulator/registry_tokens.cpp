#include "emulator/registry_tokens.h"

#include "base/crypto.h"

namespace emulator {

namespace {
constexpr double kLifetimeSeconds = 12 * 3600;
constexpr std::size_t kMostTokens = 10'000;
}  // namespace

RegistryTokens::Token RegistryTokens::issue() {
  const double now = base::to_epoch_seconds(clock_.now());
  Token token{base::base64_encode(base::random_bytes(96)), now + kLifetimeSeconds};
  const std::lock_guard lock(mutex_);
  std::erase_if(expiries_, [&](const auto& entry) { return entry.second < now; });
  if (expiries_.size() >= kMostTokens) expiries_.erase(expiries_.begin());
  expiries_[base::sha256_hex(token.password)] = token.expires_at;
  return token;
}

bool RegistryTokens::is_good(const std::string& password) {
  const std::lock_guard lock(mutex_);
  const auto found = expiries_.find(base::sha256_hex(password));
  return found != expiries_.end() && found->second >= base::to_epoch_seconds(clock_.now());
}

}  // namespace emulator
