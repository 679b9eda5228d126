#include "base/result.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

namespace base {
namespace {

Error sample() {
  return make_error(ErrorKind::invalid_input, "expected a number");
}

Result<int> half_of(int number) {
  if (number % 2 != 0) return make_error(ErrorKind::invalid_input, std::to_string(number) + " is odd");
  return number / 2;
}

Result<int> quarter_of(int number) {
  TRY(const int half, half_of(number));
  TRY(const int quarter, half_of(half));
  return quarter;
}

Result<void> only_even(int number, int& passed) {
  TRY(half_of(number));
  ++passed;
  return {};
}

TEST(Result, HoldsAValueOrAnError) {
  const Result<int> good = 7;
  EXPECT_TRUE(good.ok());
  EXPECT_TRUE(static_cast<bool>(good));
  EXPECT_EQ(*good, 7);
  const Result<int> bad = sample();
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().kind, ErrorKind::invalid_input);
  EXPECT_EQ(bad.error().message, "expected a number");
}

TEST(Result, GivesAFallbackOnlyForAnError) {
  EXPECT_EQ(Result<int>(7).value_or(1), 7);
  EXPECT_EQ(Result<int>(sample()).value_or(1), 1);
}

TEST(Result, HoldsWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> held = std::make_unique<int>(5);
  const std::unique_ptr<int> taken = std::move(held).value();
  EXPECT_EQ(*taken, 5);
}

TEST(Result, IsNoBooleanOfAnotherResult) {
  static_assert(!std::is_constructible_v<Result<bool>, Result<int>>);
  static_assert(!std::is_convertible_v<Result<int>, bool>);
  EXPECT_FALSE(*Result<bool>(false));
  EXPECT_TRUE(Result<bool>(false).ok());
}

TEST(Result, AResultOfNothingIsGoodUntilItHoldsAnError) {
  EXPECT_TRUE(Result<void>().ok());
  EXPECT_FALSE(Result<void>(sample()).ok());
}

TEST(Result, TryBindsTheValueOrReturnsTheError) {
  EXPECT_EQ(*quarter_of(12), 3);
  EXPECT_EQ(quarter_of(7).error().message, "7 is odd");
  EXPECT_EQ(quarter_of(6).error().message, "3 is odd");
}

TEST(Result, TryWithoutANameGoesOnOnlyWithoutAnError) {
  int passed = 0;
  EXPECT_TRUE(only_even(2, passed).ok());
  EXPECT_FALSE(only_even(3, passed).ok());
  EXPECT_EQ(passed, 1);
}

TEST(Result, TryWorksInALambdaWithinATry) {
  const auto nested = []() -> Result<int> {
    TRY(const int whole, []() -> Result<int> {
      TRY(const int half, half_of(20));
      return half;
    }());
    return whole;
  };
  EXPECT_EQ(*nested(), 10);
}

TEST(Result, AddsContextToErrorsOnlyAndInnermostFirst) {
  EXPECT_EQ(*Result<int>(7).while_doing("counting"), 7);
  const auto failed = Result<int>(sample()).while_doing("reading line 3").while_doing("reading the file");
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().trace,
            (std::vector<std::string>{"while reading line 3", "while reading the file"}));
  EXPECT_EQ(failed.error().to_string(),
            "expected a number\n  while reading line 3\n  while reading the file");
}

struct LocationCase {
  const char* name;
  std::optional<Location> location;
  const char* text;
};
void PrintTo(const LocationCase& given, std::ostream* out) {
  *out << given.text;
}

class ErrorText : public testing::TestWithParam<LocationCase> {};

TEST_P(ErrorText, OpensWithWhereItIs) {
  Error error = sample();
  error.location = GetParam().location;
  EXPECT_EQ(error.to_string(), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    , ErrorText,
    testing::Values(LocationCase{"Nowhere", std::nullopt, "expected a number"},
                    LocationCase{"AFile", Location{"a.yml", 0, 0}, "a.yml: expected a number"},
                    LocationCase{"ALine", Location{"a.yml", 3, 0}, "a.yml:3: expected a number"},
                    LocationCase{"AColumn", Location{"a.yml", 3, 9}, "a.yml:3:9: expected a number"},
                    LocationCase{"AColumnOfNoLine", Location{"a.yml", 0, 9}, "a.yml: expected a number"}),
    [](const auto& tested) { return std::string(tested.param.name); });

struct NumberCase {
  const char* name;
  int number;
  ErrorKind kind;
};
void PrintTo(const NumberCase& given, std::ostream* out) {
  *out << given.name;
}

class SystemError : public testing::TestWithParam<NumberCase> {};

TEST_P(SystemError, HasTheKindThatFitsItsNumber) {
  EXPECT_EQ(system_error("open /a", GetParam().number).kind, GetParam().kind);
}

INSTANTIATE_TEST_SUITE_P(, SystemError,
                         testing::Values(NumberCase{"ENOENT", ENOENT, ErrorKind::not_found},
                                         NumberCase{"ENOTDIR", ENOTDIR, ErrorKind::not_found},
                                         NumberCase{"EACCES", EACCES, ErrorKind::denied},
                                         NumberCase{"EPERM", EPERM, ErrorKind::denied},
                                         NumberCase{"EROFS", EROFS, ErrorKind::denied},
                                         NumberCase{"EAGAIN", EAGAIN, ErrorKind::unavailable},
                                         NumberCase{"ECONNREFUSED", ECONNREFUSED, ErrorKind::unavailable},
                                         NumberCase{"ETIMEDOUT", ETIMEDOUT, ErrorKind::unavailable},
                                         NumberCase{"ENOSPC", ENOSPC, ErrorKind::internal},
                                         NumberCase{"EIO", EIO, ErrorKind::internal}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(SystemErrorText, SaysWhatWasTriedAndWhatTheSystemSaid) {
  EXPECT_EQ(system_error("open /a", ENOENT).message, "open /a: No such file or directory");
}

}  // namespace
}  // namespace base
