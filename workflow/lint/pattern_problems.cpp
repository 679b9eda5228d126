#include "workflow/lint/pattern_problems.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace workflow::lint {

namespace {

class PatternReader {
 public:
  PatternReader(std::string_view pattern, PatternKind kind) : pattern_(pattern), kind_(kind) {}

  std::vector<std::string> read() {
    if (pattern_.starts_with('!')) {
      if (pattern_.size() == 1) return {"'!' negates a pattern, but none follows it"};
      ++at_;
    }
    if (kind_ == PatternKind::ref) ends_of_ref();
    while (at_ < pattern_.size()) next();
    return std::move(problems_);
  }

 private:
  void next() {
    const char c = pattern_[at_];
    if (c == '?' || c == '+') {
      repeat(c);
    } else if (c == '[') {
      one_of();
    } else if (c == '\\') {
      escape();
    } else {
      literal(c);
      repeatable_ = c != '*';
      ++at_;
    }
  }

  // ? and + say how often the character before them is there.
  void repeat(char c) {
    if (!repeatable_) {
      wrong(fmt::format("'{}' at character {} repeats the character before it; there is none to repeat", c,
                        at_ + 1));
    }
    repeatable_ = false;
    ++at_;
  }

  void one_of() {
    const std::size_t begin = at_++;
    const std::size_t end = pattern_.find(']', at_);
    if (end == std::string_view::npos) {
      wrong(fmt::format("'[' at character {} is never closed with ']'", begin + 1));
      at_ = pattern_.size();
      return;
    }
    const auto set = pattern_.substr(at_, end - at_);
    if (set.empty()) wrong("'[]' matches no character; name some between the brackets");
    if (set.size() == 1) wrong(fmt::format("'[{}]' is the same as '{}'; leave out the brackets", set, set));
    for (std::size_t i = 0; i < set.size(); ++i) {
      if (i + 1 >= set.size() || set[i + 1] != '-') continue;
      if (i + 2 >= set.size()) {
        wrong(fmt::format("the range '{}-' in '[{}]' has no end", set[i], set));
      } else if (set[i] > set[i + 2]) {
        wrong(fmt::format("the range '{}-{}' in '[{}]' runs backwards", set[i], set[i + 2], set));
      }
      i += 2;
    }
    repeatable_ = true;
    at_ = end + 1;
  }

  void escape() {
    const char escaped = at_ + 1 < pattern_.size() ? pattern_[at_ + 1] : '\0';
    const bool special =
        std::string_view("[]?*+\\!").find(escaped) != std::string_view::npos && escaped != '\0';
    if (kind_ == PatternKind::ref) {
      if (!special) {
        wrong(fmt::format(
            "'\\' at character {} escapes only [ ? * + \\ and !; the name of a branch or tag holds "
            "no backslash, and patterns are no regular expressions",
            at_ + 1));
      } else if (escaped == '[' || escaped == '?' || escaped == '*' || escaped == '\\') {
        wrong(fmt::format("the name of a branch or tag never holds '{}'", escaped));
      }
    }
    repeatable_ = true;
    at_ += special || (kind_ == PatternKind::ref && escaped != '\0') ? 2 : 1;
  }

  void literal(char c) {
    constexpr unsigned char kDelete = 0x7f;
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n' || c == '\r') {
      wrong("a pattern is one line");
    } else if (kind_ == PatternKind::ref &&
               (byte <= ' ' || byte == kDelete || c == '~' || c == '^' || c == ':')) {
      wrong(
          byte <= ' ' || byte == kDelete
              ? fmt::format("the name of a branch or tag holds no spaces; there is one at character {}",
                            at_ + 1)
              : fmt::format(
                    "the name of a branch or tag never holds '{}'; patterns are no regular expressions", c));
    }
  }

  // git-check-ref-format, rules 1, 3, 4, 6, 7, 8.
  void ends_of_ref() {
    const auto name = pattern_.substr(at_);
    if (name.starts_with('/')) wrong("the name of a branch or tag does not begin with '/'");
    if (name.size() > 1 && (name.ends_with('/') || name.ends_with('.')))
      wrong(fmt::format("the name of a branch or tag does not end with '{}'", name.back()));
    if (name.ends_with(".lock")) wrong("the name of a branch or tag does not end with '.lock'");
    if (name.starts_with('.') || name.find("/.") != std::string_view::npos)
      wrong("no part of the name of a branch or tag begins with '.'");
    for (const std::string_view never : {"..", "@{", "//"}) {
      if (name.find(never) != std::string_view::npos)
        wrong(fmt::format("the name of a branch or tag never holds '{}'", never));
    }
  }

  void wrong(std::string problem) { problems_.push_back(std::move(problem)); }

  std::string_view pattern_;
  PatternKind kind_;
  std::size_t at_ = 0;
  bool repeatable_ = false;
  std::vector<std::string> problems_;
};

// Paths are those of `git diff --name-only`: relative to the root, without `.` and `..`.
std::vector<std::string> problems_of_path(std::string_view pattern) {
  if (base::trim(pattern) != pattern)
    return {"spaces around a path are part of it; no file is called so. Take them away"};
  if (pattern.starts_with('!')) pattern.remove_prefix(1);
  const std::string inside = fmt::format("/{}/", pattern);
  if (inside.find("/./") != std::string::npos || inside.find("/../") != std::string::npos)
    return {"'.' and '..' stand in no path; write it as seen from the root of the repository"};
  return {};
}

}  // namespace

std::vector<std::string> problems_of_pattern(std::string_view pattern, PatternKind kind) {
  if (pattern.empty()) return {"an empty pattern matches nothing"};
  if (kind == PatternKind::path) {
    if (auto problems = problems_of_path(pattern); !problems.empty()) return problems;
  }
  return PatternReader(pattern, kind).read();
}

}  // namespace workflow::lint
