#pragma once
// The last lines of a step's log, for the case that it fails. Much output costs little: of a block of lines
// the last ones are kept as they came, and looked at one by one only when they are asked for.

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "runner/run_event.h"

namespace runner {

/// How many lines of a failed step are shown at the end.
inline constexpr std::size_t kLinesOfFailure = 50;

class KeptLines {
 public:
  struct Line {
    steps::LineKind kind = steps::LineKind::output;
    std::string text;  ///< printable; clipped where it is very long
  };
  /// Takes a line, lines, or an annotation, which counts as one however long.
  void add(const RunEvent& event);
  /// The last kLinesOfFailure of them.
  [[nodiscard]] std::vector<Line> last() const;
  /// Whether none came.
  [[nodiscard]] bool empty() const { return total_ == 0; }
  /// How many came before these.
  [[nodiscard]] std::size_t left_out() const { return total_ - std::min(total_, kLinesOfFailure); }

 private:
  struct Block {
    steps::LineKind kind = steps::LineKind::output;
    std::size_t lines = 1;
    std::string text;
  };
  void keep(steps::LineKind kind, std::size_t lines, std::string_view text);

  std::deque<Block> blocks_;
  std::size_t kept_ = 0;   ///< lines of the blocks
  std::size_t total_ = 0;  ///< that ever came
};

}  // namespace runner
