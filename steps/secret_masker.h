#pragma once
// Replaces secrets by *** in everything that leaves a job: each whole value, each of its lines, and the usual
// encodings of it. Exists before the first writer does; values may be added at any time, from any thread.

#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace steps {

class SecretMasker {
 public:
  SecretMasker();
  ~SecretMasker();
  /// Empty values are ignored. Multi-line values also mask each trimmed line (actions/runner Worker.cs).
  void add(std::string_view secret);
  /// Overlapping and touching matches become one ***.
  [[nodiscard]] std::string mask(std::string_view text) const;
  /// Whether mask() would change it.
  [[nodiscard]] bool holds_secret(std::string_view text) const;

 private:
  mutable std::shared_mutex mutex_;
  std::vector<std::string> values_;
};

}  // namespace steps
