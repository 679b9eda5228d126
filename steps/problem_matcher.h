#pragma once
// Problem matchers: regular expressions that turn lines of output into annotations (actions/runner
// IssueMatcher.cs, ADR 0276). Patterns and lines are foreign: both are bounded by text_pattern.

#include <optional>
#include <set>
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
  /// The owners that a document names.
  static base::Result<std::vector<std::string>> owners_in(std::string_view json);
  /// A problem, its file as the line has it; `from_path` is the project that the file's path starts from.
  struct Found {
    Annotation annotation;
    std::string from_path;
  };
  /// The problem that ends on this line; the first matcher that finds one wins, and the others begin anew.
  std::optional<Found> match(std::string_view line);
  /// A step begins: lines of the one before do not continue.
  void begin_step();
  [[nodiscard]] bool empty() const { return matchers_.empty(); }

 private:
  struct Pattern {
    TextPattern expression;
    int file = -1, from_path = -1, line = -1, column = -1, severity = -1, code = -1, message = -1;
    bool loop = false;
  };
  struct Problem {
    std::string file, from_path, line, column, severity, code, message;
  };
  struct Matcher {
    std::string owner;
    std::string severity;
    std::string from_path;
    std::vector<Pattern> patterns;
    std::vector<std::optional<Problem>> progress;  ///< what the patterns up to each have found
    int exhausted = 0;                             ///< how often a pattern took too many steps
  };
  static base::Result<Matcher> read_matcher(const base::Json& json);
  static base::Result<Pattern> read_pattern(const base::Json& json, std::set<std::string>& seen);
  static std::optional<Problem> apply(Matcher& matcher, std::string_view line);
  static void take_groups(const Pattern& pattern, const TextPattern::Match& match, std::string_view line,
                          Problem& problem);

  std::vector<Matcher> matchers_;
};

}  // namespace steps
