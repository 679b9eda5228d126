#pragma once
// A pattern for names of artifacts, as minimatch reads it without options: `*`, `?`, classes, braces, `!` in
// front. Names have no slashes. Patterns for paths are glob_pattern.h.

#include <string>
#include <string_view>
#include <vector>

#include "steps/glob_pattern.h"

namespace steps {

class NamePattern {
 public:
  explicit NamePattern(std::string_view pattern);
  [[nodiscard]] bool matches(std::string_view name) const;

 private:
  struct Alternative {
    GlobSegment segment;
    bool takes_hidden = false;  ///< it begins with a dot itself
  };
  std::vector<Alternative> alternatives_;
  bool negated_ = false;
};

/// `a{b,c}d` as `abd` and `acd`, nested ones too, `{1..3}` as its numbers; at most 1,000.
std::vector<std::string> expand_braces(std::string_view pattern);

}  // namespace steps
