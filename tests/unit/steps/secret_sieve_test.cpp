#include "steps/secret_sieve.h"

#include <gmock/gmock.h>

#include <random>
#include <string>

namespace steps {
namespace {

using testing::IsEmpty;

std::string noise(std::mt19937& random, std::size_t length) {
  std::string text;
  while (text.size() < length) text += static_cast<char>('0' + random() % 75);
  return text;
}

TEST(SecretSieve, FindsEachValueAtEveryPlaceOfAText) {
  std::mt19937 random(3);
  std::vector<std::string> secrets;
  for (std::size_t length = 16; length < 60; ++length) secrets.push_back(noise(random, length));
  for (const std::size_t shortest : {0U, 3U, 8U, 30U}) {
    const std::vector<std::string_view> values(secrets.begin() + static_cast<long>(shortest), secrets.end());
    const auto sieve = SecretSieve::make(values);
    ASSERT_TRUE(sieve);
    for (const auto value : values) {
      for (std::size_t at = 0; at < 40; ++at) {
        const auto text = std::string(at, '-') + std::string(value) + std::string(at % 3, '-');
        const auto places = sieve->places(text);
        ASSERT_THAT(places,
                    testing::Contains(testing::AllOf(testing::Ge(at), testing::Lt(at + value.size()))))
            << value << " at " << at;
      }
    }
  }
}

TEST(SecretSieve, PassesOtherTextAlmostAlways) {
  std::mt19937 random(5);
  std::vector<std::string> secrets;
  for (int i = 0; i < 400; ++i) secrets.push_back(noise(random, 28));
  const auto sieve = SecretSieve::make(std::vector<std::string_view>(secrets.begin(), secrets.end()));
  ASSERT_TRUE(sieve);
  EXPECT_LT(sieve->places(noise(random, 1 << 20)).size(), 100U);
  EXPECT_THAT(sieve->places(""), IsEmpty());
  EXPECT_THAT(sieve->places("short"), IsEmpty());
}

TEST(SecretSieve, IsNotForShortOrVeryManyValues) {
  EXPECT_FALSE(SecretSieve::make({}));
  const std::vector<std::string_view> with_a_short_one{"a-key-of-someone", "fifteen-letters"};
  EXPECT_FALSE(SecretSieve::make(with_a_short_one));
  EXPECT_TRUE(SecretSieve::make(std::span(with_a_short_one).first(1)));
  EXPECT_FALSE(SecretSieve::make(std::vector<std::string_view>(8'000, "a-key-of-someone")));
}

}  // namespace
}  // namespace steps
