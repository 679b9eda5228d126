#include "base/glob.h"

#include <vector>

namespace base {

namespace {

struct Class {
  bool matches = false;
  std::size_t length = 0;  // of the pattern; 0 when it is no class
};

bool is_escape(std::string_view pattern, std::size_t i) {
  return pattern[i] == '\\' && i + 1 < pattern.size();
}

Class match_class(std::string_view pattern, char c) {
  std::size_t i = 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool found = false;
  for (bool first = true; i < pattern.size(); first = false) {
    if (pattern[i] == ']' && !first) return {found != negated && c != '/', i + 1};
    if (is_escape(pattern, i)) ++i;
    const char from = pattern[i++];
    char to = from;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      i += is_escape(pattern, i + 1) ? 2 : 1;
      to = pattern[i++];
    }
    found = found || (from <= c && c <= to);
  }
  return {};
}

// Dynamic over (pattern, path) positions, so that no pattern takes exponential time.
class Matcher {
 public:
  Matcher(std::string_view pattern, std::string_view path)
      : pattern_(pattern),
        path_(path),
        unclosed_(pattern.size()),
        failed_((pattern.size() + 1) * (path.size() + 1)) {}

  bool matches(std::size_t p, std::size_t s) {
    if (failed_[p * (path_.size() + 1) + s]) return false;
    if (attempt(p, s)) return true;
    failed_[p * (path_.size() + 1) + s] = true;
    return false;
  }

 private:
  bool attempt(std::size_t p, std::size_t s) {
    if (p == pattern_.size()) return s == path_.size();
    const char c = pattern_[p];
    if (c == '*' && pattern_.substr(p).starts_with("**")) {
      const bool before_slash = p + 2 < pattern_.size() && pattern_[p + 2] == '/';
      const bool at_segment = s == 0 || path_[s - 1] == '/';
      if (before_slash && at_segment && matches(p + 3, s)) return true;  // "**/" may stand for nothing
      return matches(p + 2, s) || (s < path_.size() && matches(p, s + 1));
    }
    if (c == '*') return matches(p + 1, s) || (s < path_.size() && path_[s] != '/' && matches(p, s + 1));
    if (s == path_.size()) return false;
    if (c == '?') return path_[s] != '/' && matches(p + 1, s + 1);
    if (c == '[' && !unclosed_[p]) {
      const auto result = match_class(pattern_.substr(p), path_[s]);
      if (result.length > 0) return result.matches && matches(p + result.length, s + 1);
      unclosed_[p] = true;
    }
    if (c == '\\' && p + 1 < pattern_.size()) return pattern_[p + 1] == path_[s] && matches(p + 2, s + 1);
    return c == path_[s] && matches(p + 1, s + 1);
  }

  std::string_view pattern_;
  std::string_view path_;
  std::vector<bool> unclosed_;  // a '[' without its ']' stands for itself; looked for once
  std::vector<bool> failed_;
};

constexpr std::size_t kLongest = 4096;

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view path) {
  if (pattern.size() > kLongest || path.size() > kLongest) return false;
  return Matcher(pattern, path).matches(0, 0);
}

}  // namespace base
