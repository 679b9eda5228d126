#pragma once
// When a call to AWS is tried again, how long that waits, and when enough is enough: the `standard` mode of
// AWS's SDKs with its numbers. Pure but for the quota, which all copies of a client share.

#include <chrono>
#include <mutex>
#include <optional>
#include <string_view>

#include "aws/credentials.h"
#include "base/result.h"

namespace aws {

struct RetryRules {
  int attempts = 3;
  std::chrono::milliseconds first_wait{100};
  std::chrono::milliseconds first_throttled_wait{500};
  std::chrono::milliseconds longest_wait{20'000};
  int cost = 5;
  int no_answer_cost = 10;
  int throttled_cost = 5;
  bool heeds_retry_after = false;  ///< x-amz-retry-after, in milliseconds
};
/// AWS_MAX_ATTEMPTS, and the numbers of 2026 when AWS_NEW_RETRIES_2026 is true.
RetryRules retry_rules(const Environment& environment);

/// Why a call failed, as far as trying again goes.
enum class Fault { final, passing, no_answer, throttled };
Fault fault_of(const base::Error& error, bool answered);

/// Full jitter: `random` of 2^32 of the doubled wait, so that clients do not come back together. `asked` is
/// what the answer wants, at most five seconds more than the longest one here.
std::chrono::milliseconds wait_before_retry(const RetryRules& rules, Fault fault, int attempt,
                                            std::uint32_t random,
                                            std::optional<std::chrono::milliseconds> asked = std::nullopt);

/// 500 tokens: each retry costs some, a success gives back what its retry cost, or one.
class RetryQuota {
 public:
  /// False when too few are left: then AWS is in trouble, and more calls would not help it.
  bool take(int cost);
  void give_back(int amount);

 private:
  std::mutex mutex_;
  int left_ = 500;
};

/// Whether it is a code that every service may answer when it is asked too often.
bool is_throttling(std::string_view code);
/// Whether it says that our clock differs from AWS's.
bool is_clock_skew(std::string_view code);
/// Whether it says that the credentials' time is over.
bool is_expired(std::string_view code);

}  // namespace aws
