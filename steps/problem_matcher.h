#pragma once
// Problem matchers: regular expressions that turn lines of output into annotations (actions/runner
// IssueMatcher.cs, ADR 0276). Patterns and lines are foreign: both are bounded by text_pattern.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_fwd.h"
#include "base/result.h"
#include "steps/log_sink.h"
#include "steps/text_pattern.h"

namespace steps {

/// The matchers of a job, newest first. Used by the job's thread only.
class ProblemMatchers {
 public:
  /// Takes a `{"problemMatcher": […]}` document. One of the same owner replaces the older one.
  base::Result<void> add(std::string_view json);
  void remove(std::string_view owner);
  /// The problem that ends on this line; the first matcher that finds one wins, and the others begin anew.
  std::optional<Annotation> match(std::string_view line);
  /// A step begins: lines of the one before do not continue.
  void begin_step();
  [[nodiscard]] bool empty() const { return matchers_.empty(); }

 private:
  struct Pattern {
    TextPattern expression;
    int file = 0, from_path = 0, line = 0, column = 0, severity = 0, code = 0, message = 0;
    bool loop = false;
  };
  struct Problem {
    std::string file, from_path, line, column, severity, code, message;
  };
  struct Matcher {
    std::string owner;
    std::string severity;
    std::vector<Pattern> patterns;
    std::vector<std::optional<Problem>> progress;  ///< what the patterns up to each have found
    int exhausted = 0;                             ///< how often a pattern took too many steps
  };
  static base::Result<Matcher> read_matcher(const base::Json& json);
  static base::Result<Pattern> read_pattern(const base::Json& json);
  static std::optional<Problem> apply(Matcher& matcher, std::string_view line);
  static void take_groups(const Pattern& pattern, const TextPattern::Match& match, std::string_view line,
                          Problem& problem);

  std::vector<Matcher> matchers_;
};

}  // namespace steps
