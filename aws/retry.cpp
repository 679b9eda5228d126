#include "aws/retry.h"

#include <algorithm>

#include "base/strings.h"

namespace aws {
namespace {

constexpr int kMostTokens = 500;
constexpr int kMostAttempts = 100;
constexpr std::chrono::milliseconds kMostAsked{5000};

/// botocore's and the SDKs' lists.
constexpr std::string_view kThrottling[] = {"Throttling",
                                            "ThrottlingException",
                                            "ThrottledException",
                                            "RequestThrottled",
                                            "RequestThrottledException",
                                            "TooManyRequestsException",
                                            "RequestLimitExceeded",
                                            "BandwidthLimitExceeded",
                                            "LimitExceededException",
                                            "SlowDown",
                                            "ProvisionedThroughputExceededException",
                                            "TransactionInProgressException",
                                            "EC2ThrottledException"};
constexpr std::string_view kPassing[] = {"RequestTimeout", "RequestTimeoutException",
                                         "PriorRequestNotComplete", "IDPCommunicationError"};
constexpr std::string_view kClockSkew[] = {"RequestTimeTooSkewed", "RequestExpired",
                                           "RequestInTheFuture",   "InvalidSignatureException",
                                           "AuthFailure",          "SignatureDoesNotMatch"};
constexpr std::string_view kExpired[] = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"};

template <std::size_t size>
bool is_among(const std::string_view (&list)[size], std::string_view code) {
  return std::find(std::begin(list), std::end(list), code) != std::end(list);
}

}  // namespace

bool is_throttling(std::string_view code) {
  return is_among(kThrottling, code);
}
bool is_clock_skew(std::string_view code) {
  return is_among(kClockSkew, code);
}
bool is_expired(std::string_view code) {
  return is_among(kExpired, code);
}

RetryRules retry_rules(const Environment& environment) {
  RetryRules rules;
  if (base::equals_ignoring_case(variable_of(environment, "AWS_NEW_RETRIES_2026"), "true")) {
    rules.first_wait = std::chrono::milliseconds(50);
    rules.first_throttled_wait = std::chrono::milliseconds(1000);
    rules.cost = rules.no_answer_cost = 14;
    rules.heeds_retry_after = true;
  }
  const auto attempts = base::parse_integer(variable_of(environment, "AWS_MAX_ATTEMPTS"));
  if (attempts && *attempts > 0)
    rules.attempts = static_cast<int>(std::min<std::int64_t>(*attempts, kMostAttempts));
  return rules;
}

Fault fault_of(const base::Error& error, bool answered) {
  if (is_throttling(error.code)) return Fault::throttled;
  if (error.kind == base::ErrorKind::unavailable) return answered ? Fault::passing : Fault::no_answer;
  return is_among(kPassing, error.code) ? Fault::passing : Fault::final;
}

std::chrono::milliseconds wait_before_retry(const RetryRules& rules, Fault fault, int attempt,
                                            std::uint32_t random,
                                            std::optional<std::chrono::milliseconds> asked) {
  const auto first = fault == Fault::throttled ? rules.first_throttled_wait : rules.first_wait;
  const auto most = std::min(rules.longest_wait, first * (1L << std::clamp(attempt - 1, 0, 20)));
  const std::chrono::milliseconds wait((static_cast<std::int64_t>(random) * (most.count() + 1)) >> 32);
  if (!rules.heeds_retry_after || !asked) return wait;
  return std::clamp(*asked, wait, wait + kMostAsked);
}

bool RetryQuota::take(int cost) {
  const std::lock_guard lock(mutex_);
  if (left_ < cost) return false;
  left_ -= cost;
  return true;
}

void RetryQuota::give_back(int amount) {
  const std::lock_guard lock(mutex_);
  left_ = std::min(kMostTokens, left_ + amount);
}

}  // namespace aws
