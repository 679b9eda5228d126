#pragma once
// Says where in much text one of many values may be, at the speed of memory: by SecretSieve when all are
// long, else by vectorscan. Only a sieve before SecretMasker, which decides: of a long value it knows only a
// few bytes from the middle.

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "steps/secret_sieve.h"

struct hs_database;
struct hs_scratch;

namespace steps {

class SecretScanner {
 public:
  /// Takes milliseconds for hundreds of values. Null when there is nothing to look for, or too much for it.
  static std::shared_ptr<const SecretScanner> compile(std::span<const std::string> values);
  ~SecretScanner();
  /// A place inside each value that `text` may hold, by and large in order. Values over several lines are not
  /// looked for. Nothing when it could not look. From any thread.
  [[nodiscard]] std::optional<std::vector<std::size_t>> places(std::string_view text) const;
  /// How many values it was given.
  [[nodiscard]] std::size_t value_count() const { return value_count_; }

 private:
  SecretScanner() = default;
  hs_scratch* take_scratch() const;

  std::size_t value_count_ = 0;
  std::optional<SecretSieve> sieve_;  ///< with it there is no database
  hs_database* database_ = nullptr;
  mutable std::mutex mutex_;
  mutable std::vector<hs_scratch*> idle_;  ///< working memory; one for each scan that goes on
};

}  // namespace steps
