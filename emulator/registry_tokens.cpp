#include "emulator/registry_tokens.h"

#include "base/crypto.h"

namespace emulator {

namespace {
constexpr double kLifetimeSeconds = 12 * 3600;
constexpr std::size_t kMostTokens = 10'000;
}  // namespace

RegistryTokens::Token RegistryTokens::issue(const Principal& principal) {
  const double now = base::to_epoch_seconds(clock_.now());
  Token token{base::base64_encode(base::random_bytes(96)), now + kLifetimeSeconds};
  const std::lock_guard lock(mutex_);
  std::erase_if(issued_, [&](const auto& entry) { return entry.second.expires_at < now; });
  if (issued_.size() >= kMostTokens) issued_.erase(issued_.begin());
  issued_[base::sha256_hex(token.password)] = {principal, token.expires_at};
  return token;
}

std::optional<Principal> RegistryTokens::principal_of(const std::string& password) {
  const std::lock_guard lock(mutex_);
  const auto found = issued_.find(base::sha256_hex(password));
  if (found == issued_.end() || found->second.expires_at < base::to_epoch_seconds(clock_.now()))
    return std::nullopt;
  return found->second.principal;
}

}  // namespace emulator
