#pragma once
// The passwords that GetAuthorizationToken hands out and the registry accepts. Kept in memory only.

#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"

namespace emulator {

class RegistryTokens {
 public:
  explicit RegistryTokens(base::Clock& clock) : clock_(clock) {}

  struct Token {
    std::string password;
    double expires_at = 0;  ///< epoch seconds; twelve hours ahead, as ECR's
  };
  Token issue();
  [[nodiscard]] bool is_good(const std::string& password);

 private:
  std::mutex mutex_;
  base::Clock& clock_;
  std::map<std::string, double> expiries_;  ///< by the password's SHA-256
};

}  // namespace emulator
