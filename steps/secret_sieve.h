#pragma once
// Says where in much text one of many long values may be. Looks at a few bytes in each stretch that is as
// long as the shortest value, so most of the text is never read. Like SecretScanner only a sieve before
// SecretMasker, which decides.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace steps {

class SecretSieve {
 public:
  /// Nothing when there is no value, when one of them is short, or when there are too many.
  static std::optional<SecretSieve> make(std::span<const std::string_view> values);
  /// A place inside each value that `text` holds, and rarely elsewhere; in order.
  [[nodiscard]] std::vector<std::size_t> places(std::string_view text) const;

 private:
  explicit SecretSieve(std::size_t stride) : stride_(stride) {}
  void add(std::uint64_t sample);
  [[nodiscard]] bool may_hold(std::uint64_t sample) const;

  std::size_t stride_;
  unsigned shift_ = 0;               ///< leaves as many bits of a hash as number a bit of the filter
  std::vector<std::uint64_t> bits_;  ///< a Bloom filter of two hashes
};

}  // namespace steps
