#include "aws/retry.h"

#include <gtest/gtest.h>

namespace aws {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t kAlmostAll = 0xFFFFFFFF;

base::Error failure(base::ErrorKind kind, const std::string& code) {
  auto error = base::make_error(kind, "failed");
  error.code = code;
  return error;
}

TEST(Retry, WaitsUpToTheDoubledTimeOfItsKind) {
  const RetryRules rules;
  EXPECT_EQ(wait_before_retry(rules, Fault::passing, 1, kAlmostAll), milliseconds(100));
  EXPECT_EQ(wait_before_retry(rules, Fault::passing, 3, kAlmostAll), milliseconds(400));
  EXPECT_EQ(wait_before_retry(rules, Fault::throttled, 1, kAlmostAll), milliseconds(500));
  EXPECT_EQ(wait_before_retry(rules, Fault::throttled, 90, kAlmostAll), milliseconds(20'000));
  EXPECT_EQ(wait_before_retry(rules, Fault::throttled, 5, 0), milliseconds(0));
}

TEST(Retry, KnowsTheNumbersOf2026) {
  const auto rules = retry_rules({{"AWS_NEW_RETRIES_2026", "true"}, {"AWS_MAX_ATTEMPTS", "7"}});
  EXPECT_EQ(rules.attempts, 7);
  EXPECT_EQ(rules.cost, 14);
  EXPECT_EQ(wait_before_retry(rules, Fault::passing, 1, kAlmostAll), milliseconds(50));
  EXPECT_EQ(wait_before_retry(rules, Fault::throttled, 1, 0, milliseconds(1500)), milliseconds(1500));
  EXPECT_EQ(wait_before_retry(rules, Fault::throttled, 1, 0, milliseconds(60'000)), milliseconds(5000));
  EXPECT_EQ(wait_before_retry(RetryRules(), Fault::throttled, 1, 0, milliseconds(1500)), milliseconds(0));
}

TEST(Retry, TellsFaultsThatPassFromThoseThatStay) {
  using base::ErrorKind;
  EXPECT_EQ(fault_of(failure(ErrorKind::remote, "ThrottlingException"), true), Fault::throttled);
  EXPECT_EQ(fault_of(failure(ErrorKind::remote, "LimitExceededException"), true), Fault::throttled);
  EXPECT_EQ(fault_of(failure(ErrorKind::unavailable, "ServerException"), true), Fault::passing);
  EXPECT_EQ(fault_of(failure(ErrorKind::unavailable, ""), false), Fault::no_answer);
  EXPECT_EQ(fault_of(failure(ErrorKind::remote, "IDPCommunicationError"), true), Fault::passing);
  for (const char* code : {"AccessDeniedException", "InvalidIdentityToken", "ValidationException"})
    EXPECT_EQ(fault_of(failure(ErrorKind::denied, code), true), Fault::final) << code;
}

TEST(Retry, TheQuotaRunsOutAndFillsAgain) {
  RetryQuota quota;
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(quota.take(10));
  EXPECT_FALSE(quota.take(5));
  quota.give_back(5);
  EXPECT_TRUE(quota.take(5));
  quota.give_back(100'000);
  EXPECT_TRUE(quota.take(500));
  EXPECT_FALSE(quota.take(1)) << "it holds no more than 500";
}

}  // namespace
}  // namespace aws
