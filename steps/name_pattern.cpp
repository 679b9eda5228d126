#include "steps/name_pattern.h"

#include <algorithm>
#include <optional>

#include "base/strings.h"
#include "steps/glob_segment.h"

namespace steps {
namespace {

constexpr std::size_t kMostAlternatives = 1000;

// The first brace that has a comma or a range at its level, its parts, and what is behind it.
struct Brace {
  std::string_view before;
  std::vector<std::string> parts;
  std::string_view after;
};

std::vector<std::string> range_of(std::string_view text) {
  const auto dots = text.find("..");
  if (dots == std::string_view::npos) return {};
  const auto from = base::parse_integer(text.substr(0, dots));
  const auto to = base::parse_integer(text.substr(dots + 2));
  if (!from || !to) return {};
  const auto count = static_cast<std::size_t>(std::abs(*to - *from)) + 1;
  std::vector<std::string> numbers;
  for (std::size_t i = 0; i < std::min(count, kMostAlternatives); ++i) {
    const auto step = static_cast<std::int64_t>(i);
    numbers.push_back(std::to_string(*from < *to ? *from + step : *from - step));
  }
  return numbers;
}

std::optional<Brace> brace_at(std::string_view pattern, std::size_t open) {
  Brace brace{pattern.substr(0, open), {}, {}};
  int depth = 0;
  std::size_t part = open + 1;
  for (std::size_t i = open; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      ++i;
    } else if (pattern[i] == '{') {
      ++depth;
    } else if (pattern[i] == ',' && depth == 1) {
      brace.parts.emplace_back(pattern.substr(part, i - part));
      part = i + 1;
    } else if (pattern[i] == '}' && --depth == 0) {
      if (brace.parts.empty()) {
        brace.parts = range_of(pattern.substr(part, i - part));
      } else {
        brace.parts.emplace_back(pattern.substr(part, i - part));
      }
      brace.after = pattern.substr(i + 1);
      if (brace.parts.empty()) return std::nullopt;
      return brace;
    }
  }
  return std::nullopt;
}

void expand(const std::string& pattern, std::vector<std::string>& all) {
  if (all.size() >= kMostAlternatives) return;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') ++i;
    if (i >= pattern.size() || pattern[i] != '{') continue;
    const auto brace = brace_at(pattern, i);
    if (!brace) continue;
    for (const auto& part : brace->parts)
      expand(std::string(brace->before) + part + std::string(brace->after), all);
    return;
  }
  all.push_back(pattern);
}

}  // namespace

std::vector<std::string> expand_braces(std::string_view pattern) {
  std::vector<std::string> all;
  expand(std::string(pattern), all);
  return all;
}

NamePattern::NamePattern(std::string_view pattern) {
  if (pattern.starts_with('#')) return;  // a comment, which takes nothing
  while (pattern.starts_with('!')) {
    negated_ = !negated_;
    pattern.remove_prefix(1);
  }
  for (const auto& one : expand_braces(pattern))
    alternatives_.push_back({parse_glob_segment(one), one.starts_with('.')});
}

bool NamePattern::matches(std::string_view name) const {
  const bool taken = std::any_of(alternatives_.begin(), alternatives_.end(), [name](const Alternative& one) {
    return (!name.starts_with('.') || one.takes_hidden) && segment_matches(one.segment, name);
  });
  return taken != negated_;
}

}  // namespace steps
