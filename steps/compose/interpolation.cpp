#include "steps/compose/interpolation.h"

#include <fmt/format.h>

#include <cctype>

namespace steps::compose {

namespace {

using base::Result;

constexpr int kDeepest = 20;
constexpr std::size_t kLongest = 1U << 20;

bool begins_name(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool continues_name(char c) {
  return begins_name(c) || std::isdigit(static_cast<unsigned char>(c)) != 0;
}

/// Reads from the front of `rest_`, which moves on.
class Interpolator {
 public:
  Interpolator(std::string_view text, const Lookup& lookup, std::set<std::string>& unset)
      : text_(text), rest_(text), lookup_(lookup), unset_(unset) {}

  Result<std::string> all() { return read(0); }

 private:
  /// Up to the end, or within braces up to the one that closes them, which stays.
  Result<std::string> read(int depth) {
    if (depth > kDeepest) return wrong();
    std::string result;
    while (!rest_.empty() && !(depth > 0 && rest_[0] == '}')) {
      const char c = rest_[0];
      rest_.remove_prefix(1);
      if (c != '$') {
        result += c;
      } else if (rest_.starts_with('$')) {
        rest_.remove_prefix(1);
        result += '$';
      } else {
        TRY(const auto value, variable(depth));
        result += value;
      }
      if (result.size() > kLongest) return base::invalid_input("a value grows beyond 1 MiB");
    }
    return result;
  }

  Result<std::string> variable(int depth) {
    if (!rest_.empty() && begins_name(rest_[0])) return value_or_empty(name());
    if (!rest_.starts_with('{')) return wrong();
    rest_.remove_prefix(1);
    const std::string found = name();
    if (found.empty() || rest_.empty()) return wrong();
    TRY(auto result,
        rest_[0] == '}' ? Result<std::string>(value_or_empty(found)) : by_operator(found, depth));
    if (!rest_.starts_with('}')) return wrong();
    rest_.remove_prefix(1);
    return result;
  }

  Result<std::string> by_operator(const std::string& found, int depth) {
    const bool empty_counts_as_unset = rest_[0] == ':';
    if (empty_counts_as_unset) rest_.remove_prefix(1);
    const char sign = rest_.empty() ? '\0' : rest_[0];
    if (sign != '-' && sign != '?' && sign != '+') return wrong();
    rest_.remove_prefix(1);
    TRY(auto word, read(depth + 1));
    const auto value = lookup_(found);
    const bool is_set = value && !(empty_counts_as_unset && value->empty());
    if (sign == '+') return is_set ? word : std::string();
    if (is_set) return *value;
    if (sign == '-') return word;
    return base::invalid_input(
        fmt::format("required variable {} is missing a value{}{}", found, word.empty() ? "" : ": ", word));
  }

  std::string name() {
    std::string result;
    if (rest_.empty() || !begins_name(rest_[0])) return result;
    while (!rest_.empty() && continues_name(rest_[0])) {
      result += rest_[0];
      rest_.remove_prefix(1);
    }
    return result;
  }

  std::string value_or_empty(const std::string& found) {
    const auto value = lookup_(found);
    if (!value) unset_.insert(found);
    return value.value_or("");
  }

  base::Error wrong() const {
    return base::invalid_input(fmt::format(
        "invalid interpolation format: \"{}\"; you may need to escape any $ with another $", text_));
  }

  std::string_view text_;
  std::string_view rest_;
  const Lookup& lookup_;
  std::set<std::string>& unset_;
};

}  // namespace

Result<std::string> interpolate(std::string_view text, const Lookup& lookup, std::set<std::string>& unset) {
  return Interpolator(text, lookup, unset).all();
}

}  // namespace steps::compose
