#include "steps/secret_sieve.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace steps {
namespace {

constexpr std::size_t kSampleBytes = sizeof(std::uint64_t);
// Of each value so many bytes from its middle are known at most: with more, the filter would leave the cache.
constexpr std::size_t kLongestWindow = 24;
constexpr std::size_t kShortestWindow = 16;
constexpr std::size_t kMostSamples = 1U << 16;
constexpr std::size_t kBitsPerSample = 64;

std::uint64_t sample_at(std::string_view text, std::size_t place) {
  std::uint64_t sample = 0;
  std::memcpy(&sample, text.data() + place, kSampleBytes);
  return sample;
}

// Multipliers of splitmix64; of the products only the upper bits count.
std::uint64_t first_hash(std::uint64_t sample) {
  return sample * 0xbf58476d1ce4e5b9U;
}

std::uint64_t second_hash(std::uint64_t sample) {
  return (sample ^ sample >> 31U) * 0x94d049bb133111ebU;
}

}  // namespace

// Every stretch of stride + kSampleBytes - 1 bytes holds a whole sample that places() looks at, so the
// samples at all `stride` places of a window that long are kept.
std::optional<SecretSieve> SecretSieve::make(std::span<const std::string_view> values) {
  std::size_t window = kLongestWindow;
  for (const auto value : values) window = std::min(window, value.size());
  const std::size_t stride = window < kShortestWindow ? 0 : window - kSampleBytes + 1;
  const std::size_t samples = values.size() * stride;
  if (samples == 0 || samples > kMostSamples) return std::nullopt;
  SecretSieve sieve(stride);
  const std::size_t bits = std::bit_ceil(samples * kBitsPerSample);
  sieve.bits_.resize(bits / 64);
  sieve.shift_ = 64U - static_cast<unsigned>(std::countr_zero(bits));
  for (const auto value : values) {
    const std::size_t begin = (value.size() - window) / 2;
    for (std::size_t i = 0; i < stride; ++i) sieve.add(sample_at(value, begin + i));
  }
  return sieve;
}

void SecretSieve::add(std::uint64_t sample) {
  for (const auto hash : {first_hash(sample), second_hash(sample)}) {
    const std::uint64_t bit = hash >> shift_;
    bits_[bit / 64] |= std::uint64_t{1} << bit % 64;
  }
}

bool SecretSieve::may_hold(std::uint64_t sample) const {
  const auto is_set = [this](std::uint64_t bit) { return (bits_[bit / 64] >> bit % 64 & 1U) != 0; };
  return is_set(first_hash(sample) >> shift_) && is_set(second_hash(sample) >> shift_);
}

std::vector<std::size_t> SecretSieve::places(std::string_view text) const {
  std::vector<std::size_t> found;
  for (std::size_t place = 0; place + kSampleBytes <= text.size(); place += stride_) {
    if (may_hold(sample_at(text, place))) found.push_back(place);
  }
  return found;
}

}  // namespace steps
