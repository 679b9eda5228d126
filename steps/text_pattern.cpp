#include "steps/text_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace steps {
namespace {

constexpr std::size_t kMaximumProgram = 20'000;
constexpr int kDeepestGroups = 50;
constexpr int kMaximumRepeat = 1000;
constexpr int kMaximumGroups = 100;

}  // namespace

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Recursive descent to fragments with relative jumps, so that a repeated fragment can be copied.
class PatternCompiler {
 public:
  explicit PatternCompiler(std::string_view text) : text_(text) {}

  base::Result<TextPattern> compile() {
    TRY(Fragment all, alternation());
    if (at_ != text_.size()) return fault("unmatched ')'");
    pattern_.program_ = {save(0)};
    append(pattern_.program_, all);
    pattern_.program_.push_back(save(1));
    pattern_.program_.push_back({Op::matched});
    return std::move(pattern_);
  }

 private:
  using Op = TextPattern::Op;
  using Instruction = TextPattern::Instruction;
  using Fragment = std::vector<Instruction>;
  using Set = TextPattern::Set;

  base::Error fault(std::string_view what) const {
    return base::make_error(
        base::ErrorKind::invalid_input,
        fmt::format("regular expression '{}', at character {}: {}", text_, at_ + 1, what));
  }
  static Instruction save(int reg) { return {Op::save, 0, reg}; }
  static Instruction split(std::size_t first, std::size_t second) {
    return {Op::split, 0, static_cast<std::int32_t>(first), static_cast<std::int32_t>(second)};
  }
  static void append(Fragment& to, const Fragment& more) { to.insert(to.end(), more.begin(), more.end()); }
  bool more() const { return at_ < text_.size(); }
  bool take(std::string_view what) {
    if (!text_.substr(at_).starts_with(what)) return false;
    at_ += what.size();
    return true;
  }

  base::Result<Fragment> alternation() {
    if (++depth_ > kDeepestGroups) return fault("groups are nested too deeply");
    TRY(Fragment all, sequence());
    while (take("|")) {
      TRY(Fragment other, sequence());
      Fragment both = {split(1, all.size() + 2)};
      append(both, all);
      both.push_back({Op::jump, 0, static_cast<std::int32_t>(other.size() + 1)});
      append(both, other);
      all = std::move(both);
      if (all.size() > kMaximumProgram) return fault("too large");
    }
    --depth_;
    return all;
  }

  base::Result<Fragment> sequence() {
    Fragment all;
    while (more() && text_[at_] != '|' && text_[at_] != ')') {
      bool repeatable = true;
      TRY(Fragment one, term(repeatable));
      if (repeatable) {
        TRY(one, repeated(std::move(one)));
      }
      append(all, one);
      if (all.size() > kMaximumProgram) return fault("too large");
    }
    return all;
  }

  base::Result<Fragment> term(bool& repeatable) {
    const char c = text_[at_];
    if (c == '(') return group(repeatable);
    if (c == '[') return set();
    if (c == '\\') return escape(repeatable);
    if (c == '*' || c == '+' || c == '?') return fault("nothing to repeat");
    ++at_;
    if (c == '^' || c == '$') {
      repeatable = false;
      return Fragment{{c == '^' ? Op::line_begin : Op::line_end}};
    }
    if (c == '.') return Fragment{{Op::any}};
    return Fragment{{Op::character, c}};
  }

  base::Result<Fragment> group(bool& repeatable) {
    ++at_;
    Fragment all;
    if (take("?=") || take("?!")) {
      const bool wanted = text_[at_ - 1] == '=';
      repeatable = false;
      TRY(Fragment inner, alternation());
      all.push_back(
          {wanted ? Op::look_ahead : Op::not_look_ahead, 0, static_cast<std::int32_t>(inner.size() + 2)});
      append(all, inner);
      all.push_back({Op::matched});
    } else if (take("?<=") || take("?<!")) {
      return fault("look-behind is not supported");
    } else if (take("?:")) {
      TRY(all, alternation());
    } else {
      if (take("?<")) {
        at_ = text_.find('>', at_);
        if (at_ == std::string_view::npos) return at_ = text_.size(), fault("group name without '>'");
        ++at_;
      } else if (take("?")) {
        return fault("unknown kind of group");
      }
      const int number = pattern_.groups_++;
      if (number > kMaximumGroups) return fault("too many groups");
      TRY(Fragment inner, alternation());
      all.push_back(save(2 * number));
      append(all, inner);
      all.push_back(save(2 * number + 1));
    }
    if (!take(")")) return fault("')' expected");
    return all;
  }

  base::Result<Fragment> repeated(Fragment one) {
    int least = 1;
    int most = 1;
    if (take("*")) {
      least = 0, most = -1;
    } else if (take("+")) {
      most = -1;
    } else if (take("?")) {
      least = 0;
    } else if (!counted(least, most)) {
      return one;
    }
    if (least > kMaximumRepeat || most > kMaximumRepeat) return fault("a count is too large");
    if (most >= 0 && most < least) return fault("counts out of order");
    const bool lazy = take("?");
    Fragment all;
    for (int i = 0; i < least; ++i) {
      append(all, one);
      if (all.size() > kMaximumProgram) return fault("too large");
    }
    if (most < 0) {
      append(all, loop(one, lazy));
    } else {
      for (int i = least; i < most; ++i) {
        all.push_back(lazy ? split(one.size() + 1, 1) : split(1, one.size() + 1));
        append(all, one);
        if (all.size() > kMaximumProgram) return fault("too large");
      }
    }
    return all;
  }

  Fragment loop(const Fragment& one, bool lazy) {
    const bool advances =
        one.size() == 1 && (one[0].op == Op::character || one[0].op == Op::any || one[0].op == Op::set);
    Fragment body;
    if (!advances) {
      const int number = pattern_.loops_++;
      body.push_back({Op::round_begins, 0, number});
      append(body, one);
      body.push_back({Op::round_advanced, 0, number});
    } else {
      body = one;
    }
    Fragment all = {lazy ? split(body.size() + 2, 1) : split(1, body.size() + 2)};
    append(all, body);
    all.push_back({Op::jump, 0, -static_cast<std::int32_t>(body.size() + 1)});
    return all;
  }

  /// `{n}`, `{n,}` or `{n,m}`; any other brace is a character.
  bool counted(int& least, int& most) {
    if (!more() || text_[at_] != '{') return false;
    std::size_t at = at_ + 1;
    const auto number = [&](int& value) {
      const std::size_t begin = at;
      value = 0;
      while (at < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at])) != 0) {
        value = std::min(value * 10 + (text_[at++] - '0'), kMaximumRepeat + 1);
      }
      return at > begin;
    };
    if (!number(least)) return false;
    most = least;
    if (at < text_.size() && text_[at] == ',') {
      ++at;
      if (!number(most)) most = -1;
    }
    if (at >= text_.size() || text_[at] != '}') {
      least = most = 1;
      return false;
    }
    at_ = at + 1;
    return true;
  }

  Fragment set_of(Set set) {
    pattern_.sets_.push_back(std::move(set));
    return {{Op::set, 0, static_cast<std::int32_t>(pattern_.sets_.size() - 1)}};
  }

  static bool class_set(char letter, Set& set) {
    const char kind = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    if (kind != 'd' && kind != 'w' && kind != 's') return false;
    for (int byte = 0; byte < 256; ++byte) {
      const char c = static_cast<char>(byte);
      const bool in = kind == 'd'   ? c >= '0' && c <= '9'
                      : kind == 'w' ? byte < 128 && is_word(c)
                                    : c == ' ' || (c >= '\t' && c <= '\r');
      if (in == (letter == kind)) set[byte] = true;
    }
    return true;
  }

  int hex(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (at_ + i >= text_.size() || std::isxdigit(static_cast<unsigned char>(text_[at_ + i])) == 0)
        return -1;
      const char c = static_cast<char>(std::tolower(static_cast<unsigned char>(text_[at_ + i])));
      value = value * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
    }
    at_ += count;
    return value;
  }

  /// The text an escape stands for; at_ is behind its letter.
  std::string escaped_text(char letter) {
    int code = -1;
    switch (letter) {
      case 't':
        return "\t";
      case 'n':
        return "\n";
      case 'r':
        return "\r";
      case 'v':
        return "\v";
      case 'f':
        return "\f";
      case '0':
        return std::string(1, '\0');
      case 'x':
        code = hex(2);
        break;
      case 'u':
        code = hex(4);
        break;
      default:
        break;
    }
    if (code < 0) return std::string(1, letter);
    if (code < 0x80) return std::string(1, static_cast<char>(code));
    if (code < 0x800) return {static_cast<char>(0xC0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3F))};
    return {static_cast<char>(0xE0 | (code >> 12)), static_cast<char>(0x80 | ((code >> 6) & 0x3F)),
            static_cast<char>(0x80 | (code & 0x3F))};
  }

  base::Result<Fragment> escape(bool& repeatable) {
    if (++at_ >= text_.size()) return fault("nothing after '\\'");
    const char letter = text_[at_++];
    if (letter == 'b' || letter == 'B') {
      repeatable = false;
      return Fragment{{letter == 'b' ? Op::word_boundary : Op::not_word_boundary}};
    }
    if (letter >= '1' && letter <= '9') return Fragment{{Op::back_reference, 0, letter - '0'}};
    Set set(256);
    if (class_set(letter, set)) return set_of(std::move(set));
    Fragment all;
    for (char c : escaped_text(letter)) all.push_back({Op::character, c});
    return all;
  }

  base::Result<Fragment> set() {
    ++at_;
    const bool negated = take("^");
    Set set(256);
    int previous = -1;
    for (;;) {
      if (!more()) return fault("']' expected");
      char c = text_[at_++];
      if (c == ']') break;
      if (c == '-' && previous >= 0 && more() && text_[at_] != ']') {
        std::string end(1, text_[at_++]);
        if (end[0] == '\\' && more()) end = escaped_text(text_[at_++]);
        const int last = static_cast<unsigned char>(end[0]);
        if (end.size() != 1 || last < previous) return fault("a range is out of order");
        for (int byte = previous; byte <= last; ++byte) set[byte] = true;
        previous = -1;
        continue;
      }
      std::string text(1, c);
      if (c == '\\') {
        if (!more()) return fault("nothing after '\\'");
        c = text_[at_++];
        if (class_set(c, set)) {
          previous = -1;
          continue;
        }
        text = c == 'b' ? "\b" : escaped_text(c);
      }
      for (char byte : text) set[static_cast<unsigned char>(byte)] = true;
      previous = text.size() == 1 ? static_cast<unsigned char>(text[0]) : -1;
    }
    if (negated) set.flip();
    return set_of(std::move(set));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  TextPattern pattern_;
};

base::Result<TextPattern> TextPattern::compile(std::string_view expression) {
  return PatternCompiler(expression).compile();
}

}  // namespace steps
