#pragma once
// The passwords that GetAuthorizationToken hands out and the registry accepts. Kept in memory only.

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "emulator/service.h"

namespace emulator {

/// The parameter of a URL that has a password in it, as S3's signed ones have theirs.
inline constexpr const char* kUrlPassword = "X-Amz-Security-Token";

class RegistryTokens {
 public:
  explicit RegistryTokens(base::Clock& clock) : clock_(clock) {}

  struct Token {
    std::string password;
    double expires_at = 0;  ///< epoch seconds; twelve hours ahead, as ECR's
  };
  /// For the principal who asked.
  Token issue(const Principal& principal);
  /// Whose it is; nothing when it is not good (any more).
  [[nodiscard]] std::optional<Principal> principal_of(const std::string& password);

 private:
  std::mutex mutex_;
  base::Clock& clock_;
  struct Issued {
    Principal principal;
    double expires_at = 0;
  };
  std::map<std::string, Issued> issued_;  ///< by the password's SHA-256
};

}  // namespace emulator
