#pragma once
// Replaces secrets by *** in everything that leaves a job: each whole value, each of its lines, and the usual
// encodings of it. Exists before the first writer does; values may be added at any time, from any thread.

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace steps {

class SecretScanner;

class SecretMasker {
 public:
  SecretMasker();
  ~SecretMasker();
  /// Empty values are ignored. Multi-line values also mask each trimmed line (actions/runner Worker.cs).
  void add(std::string_view secret);
  /// Overlapping and touching matches become one ***.
  [[nodiscard]] std::string mask(std::string_view text) const;
  /// mask() of each line by itself, at a speed that suits much output.
  [[nodiscard]] std::string mask_lines(std::string_view lines) const;
  /// Whether mask() would change it.
  [[nodiscard]] bool holds_secret(std::string_view text) const;
  /// How much of an unfinished text may be masked and shown on its own: a cut after it divides no secret,
  /// also none that is still incomplete.
  [[nodiscard]] std::size_t safe_cut(std::string_view text) const;

 private:
  class Matcher;
  void add_value(std::string value);
  [[nodiscard]] std::vector<std::pair<std::size_t, std::size_t>> ranges_in(std::string_view text) const;
  [[nodiscard]] std::string mask_held(std::string_view text) const;
  [[nodiscard]] std::shared_ptr<const SecretScanner> scanner_for(std::size_t bytes) const;
  [[nodiscard]] std::vector<std::size_t> suspicious_places(std::string_view lines) const;

  mutable std::shared_mutex mutex_;
  std::vector<std::string> values_;
  std::unordered_set<std::string> known_;
  std::unique_ptr<Matcher> matcher_;  ///< over the first `matched_` values; the rest are searched one by one
  std::size_t matched_ = 0;
  mutable std::mutex scanner_mutex_;
  mutable std::shared_ptr<const SecretScanner> scanner_;  ///< made when there was much to mask
  mutable std::size_t bytes_since_scanner_ = 0;
};

}  // namespace steps
