// Patterns in the modifiers of a variable: * and ? alone, by a walk over all states at once, so that no
// pattern takes longer than its length times the value's.
#include <fmt/format.h>

#include <algorithm>

#include "ecr/dockerfile.h"

namespace ecr {

namespace {

using base::ErrorKind;
using base::make_error;
using base::Result;

constexpr std::size_t kMostSteps = 50'000'000;

struct PatternToken {
  enum class Kind { text, one, any } kind = Kind::text;
  char text = 0;
};
using PatternTokens = std::vector<PatternToken>;

Result<PatternTokens> pattern_tokens(std::string_view pattern) {
  PatternTokens tokens;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '*') {
      tokens.push_back({PatternToken::Kind::any});
    } else if (c == '?') {
      tokens.push_back({PatternToken::Kind::one});
    } else if (c == '\\') {
      if (++i == pattern.size() || std::string_view("*?\\}/").find(pattern[i]) == std::string_view::npos) {
        return make_error(ErrorKind::invalid_input,
                          fmt::format("the pattern `{}`: only * ? \\ }} and / can be escaped", pattern));
      }
      tokens.push_back({PatternToken::Kind::text, pattern[i]});
    } else {
      tokens.push_back({PatternToken::Kind::text, c});
    }
  }
  return tokens;
}

class PatternMatcher {
 public:
  explicit PatternMatcher(PatternTokens tokens) : tokens_(std::move(tokens)) {}

  enum class Want { shortest, longest };
  /// Length of what matches at the beginning of `text`; nothing when nothing does.
  Result<std::optional<std::size_t>> match(std::string_view text, Want want) {
    std::vector<bool> states(tokens_.size() + 1);
    states[0] = true;
    pass_stars(states);
    std::optional<std::size_t> found;
    for (std::size_t i = 0;; ++i) {
      if (states.back()) {
        found = i;
        if (want == Want::shortest) return found;
      }
      if (i == text.size()) return found;
      steps_ += states.size();
      if (steps_ > kMostSteps)
        return make_error(ErrorKind::invalid_input, "a pattern and what it is held against are too long");
      if (!step(states, text[i])) return found;
    }
  }

 private:
  void pass_stars(std::vector<bool>& states) const {
    for (std::size_t s = 0; s < tokens_.size(); ++s) {
      if (states[s] && tokens_[s].kind == PatternToken::Kind::any) states[s + 1] = true;
    }
  }

  bool step(std::vector<bool>& states, char c) const {
    std::vector<bool> next(states.size());
    for (std::size_t s = 0; s < tokens_.size(); ++s) {
      if (!states[s]) continue;
      if (tokens_[s].kind == PatternToken::Kind::any) {
        next[s] = true;
      } else if (tokens_[s].kind == PatternToken::Kind::one || tokens_[s].text == c) {
        next[s + 1] = true;
      }
    }
    pass_stars(next);
    states.swap(next);
    return std::find(states.begin(), states.end(), true) != states.end();
  }

  PatternTokens tokens_;
  std::size_t steps_ = 0;
};

}  // namespace

Result<std::string> without_pattern(std::string_view value, std::string_view modifier,
                                    std::string_view pattern) {
  TRY(auto tokens, pattern_tokens(pattern));
  const bool suffix = modifier.starts_with('%');
  std::string text(value);
  // The end is the beginning of what is written backwards.
  if (suffix) {
    std::reverse(tokens.begin(), tokens.end());
    std::reverse(text.begin(), text.end());
  }
  const auto want = modifier.size() > 1 ? PatternMatcher::Want::longest : PatternMatcher::Want::shortest;
  TRY(const auto length, PatternMatcher(std::move(tokens)).match(text, want));
  text.erase(0, length.value_or(0));
  if (suffix) std::reverse(text.begin(), text.end());
  return text;
}

Result<std::string> with_replacement(std::string_view value, std::string_view modifier,
                                     std::string_view pattern, std::string_view replacement) {
  TRY(auto tokens, pattern_tokens(pattern));
  PatternMatcher matcher(std::move(tokens));
  std::string result;
  bool done = false;
  for (std::size_t at = 0; at < value.size();) {
    std::optional<std::size_t> length;
    if (!done) {
      TRY(length, matcher.match(value.substr(at), PatternMatcher::Want::longest));
    }
    if (length.value_or(0) == 0) {
      result += value[at++];
      continue;
    }
    result += replacement;
    at += *length;
    done = modifier != "//";
  }
  return result;
}

}  // namespace ecr
