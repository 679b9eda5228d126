#include "steps/glob_segment.h"

#include <locale.h>
#include <wctype.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/strings.h"

namespace steps {

namespace {

using Part = GlobSegment::Part;
using Text = std::u32string;

// Code points; what is no UTF-8 becomes U+FFFD, as in JavaScript.
Text code_points(std::string_view text) {
  Text points;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const int length = byte < 0x80U         ? 1
                       : (byte >> 5U) == 6  ? 2
                       : (byte >> 4U) == 14 ? 3
                       : (byte >> 3U) == 30 ? 4
                                            : 0;
    char32_t point = length == 1 ? byte : byte & (0xFFU >> static_cast<unsigned>(length + 1));
    bool good = length > 0 && i + static_cast<std::size_t>(length) <= text.size();
    for (int k = 1; good && k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + static_cast<std::size_t>(k)]);
      good = (next & 0xC0U) == 0x80U;
      point = point << 6U | (next & 0x3FU);
    }
    points += good ? point : U'\uFFFD';
    i += good ? static_cast<std::size_t>(length) : 1;
  }
  return points;
}

// Units of UTF-16, each in a char32_t.
Text utf16_units(std::string_view text) {
  Text units;
  for (const char32_t point : code_points(text)) {
    if (point < 0x10000) {
      units += point;
    } else {
      units += static_cast<char32_t>(0xD800 + ((point - 0x10000) >> 10U));
      units += static_cast<char32_t>(0xDC00 + ((point - 0x10000) & 0x3FFU));
    }
  }
  return units;
}

constexpr std::array<std::string_view, 14> kClassNames = {"alnum", "alpha", "ascii", "blank", "cntrl",
                                                          "digit", "graph", "lower", "print", "punct",
                                                          "space", "upper", "word",  "xdigit"};

// The C library's tables of Unicode, whatever the machine's locale is.
locale_t unicode() {
  static const locale_t locale = [] {
    const auto found = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return found != nullptr ? found : ::newlocale(LC_CTYPE_MASK, "C", nullptr);
  }();
  return locale;
}
bool has_property(char32_t c, int (*property)(wint_t, locale_t)) {
  return property(static_cast<wint_t>(c), unicode()) != 0;
}

bool is_named(std::string_view name, char32_t c) {
  const bool digit = c >= '0' && c <= '9';
  if (name == "alnum") return digit || has_property(c, ::iswalnum_l);
  if (name == "alpha") return has_property(c, ::iswalpha_l);
  if (name == "ascii") return c < 0x80;
  if (name == "blank") return c == '\t' || has_property(c, ::iswblank_l);
  if (name == "cntrl") return c < 0x20 || (c >= 0x7F && c < 0xA0);
  if (name == "digit") return digit;
  if (name == "graph") return has_property(c, ::iswgraph_l);
  if (name == "lower") return has_property(c, ::iswlower_l);
  if (name == "print") return has_property(c, ::iswprint_l);
  // Punctuation without symbols such as $ and +, which Unicode keeps apart.
  if (name == "punct")
    return c < 0x80 && has_property(c, ::iswpunct_l) &&
           std::u32string_view(U"$+<=>^`|~").find(c) == std::u32string_view::npos;
  if (name == "space") return has_property(c, ::iswspace_l);
  if (name == "upper") return has_property(c, ::iswupper_l);
  if (name == "word") return c == '_' || digit || has_property(c, ::iswalnum_l);
  return digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool holds(const GlobClass& set, char32_t c) {
  const bool found =
      std::any_of(set.ranges.begin(), set.ranges.end(),
                  [&](const auto& range) { return range.first <= c && c <= range.second; }) ||
      std::any_of(set.names.begin(), set.names.end(), [&](const auto& name) { return is_named(name, c); });
  return found != set.negated;
}

/// Reads a class from its '['.
class ClassReader {
 public:
  ClassReader(const Text& text, std::size_t start) : text_(text), start_(start), at_(start + 1) {}

  /// How many characters it takes: 0 when it does not end and stands for itself.
  std::size_t read() {
    std::optional<char32_t> range_start;
    bool escaping = false;
    bool started = false;
    for (; at_ < text_.size();) {
      const char32_t c = text_[at_];
      if ((c == '!' || c == '^') && at_ == start_ + 1) {
        set_.negated = true;
        ++at_;
        continue;
      }
      if (c == ']' && started && !escaping) return finish();
      started = true;
      if (c == '\\' && !escaping) {
        escaping = true;
        ++at_;
        continue;
      }
      if (c == '[' && !escaping && read_name()) {
        // A range cannot end in a class of its own: then nothing matches, up to the end of the segment.
        if (!range_start) continue;
        impossible_ = true;
        return text_.size() - start_;
      }
      escaping = false;
      read_character(c, range_start);
    }
    return 0;
  }
  [[nodiscard]] bool impossible() const { return impossible_; }
  /// The only character of a class such as [*], which stands for it.
  [[nodiscard]] std::optional<char32_t> single() const {
    if (set_.negated || !set_.names.empty() || entries_ != 1 || set_.ranges.size() != 1) return std::nullopt;
    if (set_.ranges[0].first != set_.ranges[0].second) return std::nullopt;
    return set_.ranges[0].first;
  }
  [[nodiscard]] const GlobClass& set() const { return set_; }

 private:
  void read_character(char32_t c, std::optional<char32_t>& range_start) {
    if (range_start) {
      // A range that runs backwards is left out.
      if (c >= *range_start) add(*range_start, c);
      range_start.reset();
      ++at_;
    } else if (text_.compare(at_ + 1, 2, U"-]") == 0) {
      add(c, c);
      set_.ranges.emplace_back(U'-', U'-');
      at_ += 2;
    } else if (text_.compare(at_ + 1, 1, U"-") == 0) {
      range_start = c;
      at_ += 2;
    } else {
      add(c, c);
      ++at_;
    }
  }
  void add(char32_t from, char32_t to) {
    set_.ranges.emplace_back(from, to);
    ++entries_;
  }
  bool read_name() {
    for (const auto name : kClassNames) {
      Text written = U"[:";
      written.append(name.begin(), name.end());
      written += U":]";
      if (text_.compare(at_, written.size(), written) != 0) continue;
      set_.names.emplace_back(name);
      at_ += written.size();
      return true;
    }
    return false;
  }
  std::size_t finish() {
    const auto length = at_ + 1 - start_;
    if (!set_.ranges.empty() || !set_.names.empty()) return length;
    impossible_ = true;
    return text_.size() - start_;
  }

  const Text& text_;
  std::size_t start_;
  std::size_t at_;
  GlobClass set_;
  int entries_ = 0;
  bool impossible_ = false;
};

/// Reads a segment that is none of the simple kinds.
class PartReader {
 public:
  explicit PartReader(std::string_view segment) : text_(utf16_units(segment)) {}

  GlobSegment read() {
    bool in_star = false;
    for (std::size_t i = 0; i < text_.size(); ++i) {
      const char32_t c = text_[i];
      if (c == '*') {
        if (!in_star) add({.kind = Part::Kind::any}, true);
        in_star = true;
        continue;
      }
      in_star = false;
      if (c == '\\') {
        // The last one stands for itself.
        add({.character = i + 1 < text_.size() ? text_[++i] : c}, false);
      } else if (c == '[') {
        i += bracket(i);
      } else if (c == '?') {
        add({.kind = Part::Kind::one}, true);
      } else {
        add({.character = c}, false);
      }
    }
    segment_.kind = impossible_ ? GlobSegment::Kind::nothing : GlobSegment::Kind::parts;
    return std::move(segment_);
  }
  [[nodiscard]] bool has_pattern() const { return has_pattern_; }

 private:
  // How far it goes beyond its '['.
  std::size_t bracket(std::size_t at) {
    ClassReader reader(text_, at);
    const auto length = reader.read();
    if (length == 0) {
      add({.character = U'['}, false);
      return 0;
    }
    impossible_ = impossible_ || reader.impossible();
    if (const auto single = reader.single()) {
      add({.character = *single}, false);
    } else {
      segment_.by_code_point =
          segment_.by_code_point ||
          std::any_of(reader.set().names.begin(), reader.set().names.end(),
                      [](const auto& name) { return name != "ascii" && name != "xdigit"; });
      add({.kind = Part::Kind::set, .set = reader.set()}, true);
    }
    return length - 1;
  }
  void add(Part part, bool is_pattern) {
    has_pattern_ = has_pattern_ || is_pattern;
    segment_.parts.push_back(std::move(part));
  }

  Text text_;
  GlobSegment segment_;
  bool has_pattern_ = false;
  bool impossible_ = false;
};

// With a star at a time tried again from where it stood: no worse than length times length.
bool parts_match(const std::vector<Part>& parts, const Text& name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string::npos;
  std::size_t star_name = 0;
  while (n < name.size()) {
    if (p < parts.size() && parts[p].kind == Part::Kind::any) {
      star = p++;
      star_name = n;
      continue;
    }
    const bool fits =
        p < parts.size() && (parts[p].kind == Part::Kind::one ||
                             (parts[p].kind == Part::Kind::character ? parts[p].character == name[n]
                                                                     : holds(parts[p].set, name[n])));
    if (fits) {
      ++p;
      ++n;
    } else if (star != std::string::npos) {
      p = star + 1;
      n = ++star_name;
    } else {
      return false;
    }
  }
  while (p < parts.size() && parts[p].kind == Part::Kind::any) ++p;
  return p == parts.size();
}

// The forms for which minimatch has a test of its own; what follows in them is taken as it is written.
std::optional<GlobSegment> simple_segment(std::string_view segment) {
  const auto stars = std::min(segment.find_first_not_of('*'), segment.size());
  const auto after_stars = segment.substr(stars);
  constexpr std::string_view kMagic = "+@!?*[(";
  if (stars > 0) {
    if (after_stars.empty()) return GlobSegment{.kind = GlobSegment::Kind::anything};
    if (after_stars.find_first_of(kMagic) == std::string_view::npos)
      return GlobSegment{.kind = GlobSegment::Kind::ending, .text = std::string(after_stars)};
    if (after_stars.starts_with(".*") && after_stars.find_first_not_of('*', 1) == std::string_view::npos)
      return GlobSegment{.kind = GlobSegment::Kind::dotted};
  }
  const auto marks = std::min(segment.find_first_not_of('?'), segment.size());
  if (marks > 0 && segment.substr(marks).find_first_of(kMagic) == std::string_view::npos) {
    return GlobSegment{.kind = GlobSegment::Kind::length,
                       .text = std::string(segment.substr(marks)),
                       .units = utf16_units(segment).size()};
  }
  if (segment.starts_with(".*") && segment.find_first_not_of('*', 1) == std::string_view::npos)
    return GlobSegment{.kind = GlobSegment::Kind::hidden};
  return std::nullopt;
}

}  // namespace

GlobSegment parse_glob_segment(std::string_view segment) {
  if (segment == "**") return {.kind = GlobSegment::Kind::any_number};
  if (auto simple = simple_segment(segment)) return std::move(*simple);
  PartReader reader(segment);
  return reader.read();
}

bool segment_matches(const GlobSegment& segment, std::string_view name) {
  switch (segment.kind) {
    case GlobSegment::Kind::any_number:
    case GlobSegment::Kind::nothing:
      return false;
    case GlobSegment::Kind::literal:
      return name == segment.text;
    case GlobSegment::Kind::ending:
      return name.ends_with(segment.text);
    case GlobSegment::Kind::length:
      return name.ends_with(segment.text) && utf16_units(name).size() == segment.units;
    case GlobSegment::Kind::anything:
      return !name.empty();
    case GlobSegment::Kind::dotted:
      return name.find('.') != std::string_view::npos;
    case GlobSegment::Kind::hidden:
      return name.starts_with('.');
    case GlobSegment::Kind::parts:
      return parts_match(segment.parts, segment.by_code_point ? code_points(name) : utf16_units(name));
  }
  return false;
}

std::string literal_of(std::string_view segment) {
  std::string literal;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    const char c = segment[i];
    if (c == '\\' && i + 1 < segment.size()) {
      literal += segment[++i];
      continue;
    }
    if (c == '*' || c == '?') return "";
    if (c == '[' && i + 1 < segment.size()) {
      std::string set;
      std::size_t end = i + 1;
      for (; end < segment.size() && segment[end] != ']'; ++end) {
        if (segment[end] == '\\' && end + 1 < segment.size()) ++end;
        set += segment[end];
      }
      if (end < segment.size() && utf16_units(set).size() > 1) return "";
      if (end < segment.size() && !set.empty()) {
        literal += set;
        i = end;
        continue;
      }
    }
    literal += c;
  }
  return literal;
}

}  // namespace steps
