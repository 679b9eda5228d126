#pragma once
// Regular expressions for text that nobody vouches for: ECMAScript's syntax without look-behind, a budget of
// steps per match instead of exponential time, its own stack instead of the thread's.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace steps {

/// What \w stands for: letters and digits of ASCII and the underscore.
bool is_word(char c);

class TextPattern {
 public:
  /// begin and end by group, 0 is the whole match; npos where a group took no part.
  struct Match {
    std::vector<std::pair<std::size_t, std::size_t>> groups;
    [[nodiscard]] std::string_view group(std::string_view text, int index) const;
  };
  struct Outcome {
    std::optional<Match> match;
    bool exhausted = false;  ///< the budget ended before an answer was found
  };

  static base::Result<TextPattern> compile(std::string_view expression);
  /// Searches anywhere in the text. Only the first 8 KiB are looked at.
  [[nodiscard]] Outcome search(std::string_view text) const;
  /// With the whole match, which is group 0.
  [[nodiscard]] int group_count() const { return groups_; }

 private:
  friend class PatternCompiler;
  friend class PatternMatcher;
  enum class Op : std::uint8_t {
    character,
    any,
    set,
    split,
    jump,
    save,
    line_begin,
    line_end,
    word_boundary,
    not_word_boundary,
    back_reference,
    look_ahead,
    not_look_ahead,
    matched,
    round_begins,
    round_advanced,
  };
  struct Instruction {
    Op op;
    char character = 0;
    std::int32_t first =
        0;  ///< split, jump, look: offset from here; save: register; set: index; reference: group
    std::int32_t second = 0;  ///< split: offset of what is tried second
  };
  using Set = std::vector<bool>;  ///< 256 entries

  std::vector<Instruction> program_;
  std::vector<Set> sets_;
  int groups_ = 1;
  int loops_ = 0;  ///< each has a register for where its last round began
};

}  // namespace steps
