#include "workflow/filter_pattern.h"

namespace workflow {

namespace {

/// One element of a pattern: what it matches, and how often.
struct Element {
  enum class Kind { character, star, double_star, any_of } kind = Kind::character;
  char character = 0;
  std::string set;
  bool optional = false;    // '?' followed
  bool repeatable = false;  // '+' followed
};

// "[a-z0-9_]" → its characters.
std::string expand_class(std::string_view inside) {
  std::string set;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (i + 2 < inside.size() && inside[i + 1] == '-') {
      for (int c = static_cast<unsigned char>(inside[i]); c <= static_cast<unsigned char>(inside[i + 2]);
           ++c) {
        set += static_cast<char>(c);
      }
      i += 2;
    } else {
      set += inside[i];
    }
  }
  return set;
}

std::vector<Element> compile(std::string_view pattern) {
  std::vector<Element> elements;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    Element element;
    if (c == '*') {
      element.kind = Element::Kind::star;
      if (i + 1 < pattern.size() && pattern[i + 1] == '*') {
        element.kind = Element::Kind::double_star;
        ++i;
      }
    } else if (c == '[' && pattern.find(']', i) != std::string_view::npos) {
      const auto end = pattern.find(']', i);
      element.kind = Element::Kind::any_of;
      element.set = expand_class(pattern.substr(i + 1, end - i - 1));
      i = end;
    } else if (c == '\\' && i + 1 < pattern.size()) {
      element.character = pattern[++i];
    } else if ((c == '?' || c == '+') && !elements.empty()) {
      (c == '?' ? elements.back().optional : elements.back().repeatable) = true;
      continue;
    } else {
      element.character = c;
    }
    elements.push_back(std::move(element));
  }
  return elements;
}

class Matcher {
 public:
  Matcher(const std::vector<Element>& elements, std::string_view text)
      : elements_(elements), text_(text), failed_((elements.size() + 1) * (text.size() + 1)) {}

  bool matches(std::size_t e, std::size_t t) {
    const auto index = e * (text_.size() + 1) + t;
    if (failed_[index]) return false;
    if (attempt(e, t)) return true;
    failed_[index] = true;
    return false;
  }

 private:
  bool attempt(std::size_t e, std::size_t t) {
    if (e == elements_.size()) return t == text_.size();
    const auto& element = elements_[e];
    const bool has_character = t < text_.size();
    switch (element.kind) {
      case Element::Kind::star:
        return matches(e + 1, t) || (has_character && text_[t] != '/' && matches(e, t + 1));
      case Element::Kind::double_star: {
        // "**/" also stands for nothing at the start of a path.
        const bool slash_next = e + 1 < elements_.size() &&
                                elements_[e + 1].kind == Element::Kind::character &&
                                elements_[e + 1].character == '/';
        const bool at_segment = t == 0 || text_[t - 1] == '/';
        if (slash_next && at_segment && matches(e + 2, t)) return true;
        return matches(e + 1, t) || (has_character && matches(e, t + 1));
      }
      case Element::Kind::character:
      case Element::Kind::any_of:
        break;
    }
    if (element.optional && matches(e + 1, t)) return true;
    if (!has_character) return false;
    const bool fits = element.kind == Element::Kind::character
                          ? text_[t] == element.character
                          : element.set.find(text_[t]) != std::string::npos;
    if (!fits) return false;
    return matches(e + 1, t + 1) || (element.repeatable && matches(e, t + 1));
  }

  const std::vector<Element>& elements_;
  std::string_view text_;
  std::vector<bool> failed_;
};

constexpr std::size_t kLongest = 4096;

}  // namespace

bool filter_pattern_matches(std::string_view pattern, std::string_view text) {
  if (pattern.size() > kLongest || text.size() > kLongest) return false;
  const auto elements = compile(pattern);
  return Matcher(elements, text).matches(0, 0);
}

bool filter_matches(const std::vector<std::string>& patterns, std::string_view text) {
  bool matched = false;
  for (const auto& pattern : patterns) {
    const bool negative = pattern.starts_with('!');
    if (filter_pattern_matches(negative ? std::string_view(pattern).substr(1) : pattern, text))
      matched = !negative;
  }
  return matched;
}

bool passes_filter(const std::vector<std::string>& wanted, const std::vector<std::string>& ignored,
                   std::string_view text) {
  if (!wanted.empty()) return filter_matches(wanted, text);
  return ignored.empty() || !filter_matches(ignored, text);
}

}  // namespace workflow
