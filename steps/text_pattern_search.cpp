#include <algorithm>

#include "steps/text_pattern.h"

namespace steps {
namespace {

constexpr std::size_t kMaximumText = 8192;
constexpr int kBudget = 400'000;
constexpr std::size_t kNowhere = std::string_view::npos;

}  // namespace

/// Backtracking with a stack of its own and a budget that all starting points share.
class PatternMatcher {
 public:
  PatternMatcher(const TextPattern& pattern, std::string_view text)
      : pattern_(pattern), text_(text), registers_(2 * pattern.groups_ + pattern.loops_, kNowhere) {}

  bool run(std::int32_t pc, std::size_t at) {
    const std::size_t bottom = trail_.size();
    for (;;) {
      if (--budget_ < 0) return false;
      if (step(pc, at)) {
        if (pattern_.program_[pc].op == TextPattern::Op::matched) return true;
        continue;
      }
      if (!back(bottom, pc, at)) return false;
    }
  }

  [[nodiscard]] bool exhausted() const { return budget_ < 0; }
  [[nodiscard]] const std::vector<std::size_t>& registers() const { return registers_; }
  void forget() {
    std::fill(registers_.begin(), registers_.end(), kNowhere);
    trail_.clear();
  }

 private:
  using Op = TextPattern::Op;
  struct Undo {
    std::int32_t pc = -1;  ///< a branch not taken yet, or -1: a register's old value
    std::uint32_t reg = 0;
    std::size_t value = 0;
  };

  void set(std::size_t reg, std::size_t value) {
    trail_.push_back({-1, static_cast<std::uint32_t>(reg), registers_[reg]});
    registers_[reg] = value;
  }

  bool back(std::size_t bottom, std::int32_t& pc, std::size_t& at) {
    while (trail_.size() > bottom) {
      const Undo undo = trail_.back();
      trail_.pop_back();
      if (undo.pc >= 0) {
        pc = undo.pc;
        at = undo.value;
        return true;
      }
      registers_[undo.reg] = undo.value;
    }
    return false;
  }

  bool at_boundary(std::size_t at) const {
    const bool before = at > 0 && is_word(text_[at - 1]);
    const bool after = at < text_.size() && is_word(text_[at]);
    return before != after;
  }

  bool reference(int group, std::size_t& at) const {
    if (group >= pattern_.groups_) return false;
    const std::size_t begin = registers_[2 * group];
    const std::size_t end = registers_[2 * group + 1];
    if (begin == kNowhere || end == kNowhere || end < begin) return true;
    std::string_view wanted = text_.substr(begin, end - begin);
    if (!text_.substr(at).starts_with(wanted)) return false;
    at += wanted.size();
    return true;
  }

  bool look(std::int32_t pc, std::size_t at, bool wanted) {
    const std::size_t bottom = trail_.size();
    const bool found = run(pc + 1, at);
    // What was found stays; the branches within it are not tried again.
    if (found && wanted) {
      std::vector<Undo> kept;
      for (std::size_t i = bottom; i < trail_.size(); ++i) {
        if (trail_[i].pc < 0) kept.push_back(trail_[i]);
      }
      trail_.resize(bottom);
      trail_.insert(trail_.end(), kept.begin(), kept.end());
    } else {
      std::int32_t ignored_pc = 0;
      std::size_t ignored_at = 0;
      while (back(bottom, ignored_pc, ignored_at)) {
      }
    }
    return found == wanted && budget_ >= 0;
  }

  /// One instruction; false is a dead end.
  bool step(std::int32_t& pc, std::size_t& at) {
    const TextPattern::Instruction& now = pattern_.program_[pc];
    const bool more = at < text_.size();
    bool ok = true;
    switch (now.op) {
      case Op::character:
        ok = more && text_[at] == now.character;
        ++at;
        break;
      case Op::any:
        ok = more && text_[at] != '\n' && text_[at] != '\r';
        ++at;
        break;
      case Op::set:
        ok = more && pattern_.sets_[now.first][static_cast<unsigned char>(text_[at])];
        ++at;
        break;
      case Op::split:
        trail_.push_back({pc + now.second, 0, at});
        pc += now.first;
        return true;
      case Op::jump:
        pc += now.first;
        return true;
      case Op::save:
        set(now.first, at);
        break;
      case Op::line_begin:
        ok = at == 0;
        break;
      case Op::line_end:
        ok = !more;
        break;
      case Op::word_boundary:
        ok = at_boundary(at);
        break;
      case Op::not_word_boundary:
        ok = !at_boundary(at);
        break;
      case Op::back_reference:
        ok = reference(now.first, at);
        break;
      case Op::look_ahead:
      case Op::not_look_ahead:
        if (!look(pc, at, now.op == Op::look_ahead)) return false;
        pc += now.first;
        return true;
      case Op::matched:
        return true;
      case Op::round_begins:
        set(2 * pattern_.groups_ + now.first, at);
        break;
      case Op::round_advanced:
        ok = registers_[2 * pattern_.groups_ + now.first] != at;
        break;
    }
    ++pc;
    return ok;
  }

  const TextPattern& pattern_;
  std::string_view text_;
  std::vector<std::size_t> registers_;
  std::vector<Undo> trail_;
  int budget_ = kBudget;
};

TextPattern::Outcome TextPattern::search(std::string_view text) const {
  text = text.substr(0, kMaximumText);
  PatternMatcher matcher(*this, text);
  // program_[0] saves the beginning; what follows decides whether any other start can match.
  const bool anchored = program_.size() > 1 && program_[1].op == Op::line_begin;
  for (std::size_t start = 0; start <= (anchored ? 0 : text.size()); ++start) {
    matcher.forget();
    if (matcher.run(0, start)) {
      Outcome outcome;
      outcome.match.emplace();
      for (int group = 0; group < groups_; ++group) {
        outcome.match->groups.emplace_back(matcher.registers()[2 * group],
                                           matcher.registers()[2 * group + 1]);
      }
      return outcome;
    }
    if (matcher.exhausted()) return {std::nullopt, true};
  }
  return {};
}

std::string_view TextPattern::Match::group(std::string_view text, int index) const {
  if (index < 0 || static_cast<std::size_t>(index) >= groups.size()) return "";
  const auto [begin, end] = groups[index];
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return "";
  return text.substr(begin, end - begin);
}

}  // namespace steps
