#pragma once
// .dockerignore: which files of a build context an image cannot see. Last match wins, `!` brings back, `**`
// crosses folders (Go's filepath.Match with moby's additions).

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ecr {

class DockerIgnore {
 public:
  DockerIgnore() = default;
  static base::Result<DockerIgnore> parse(std::string_view text);
  /// `path` is relative to the context, without a leading slash. A file below an excluded folder is excluded
  /// too.
  [[nodiscard]] bool excludes(std::string_view path) const;
  /// Whether a `!` pattern may bring back what another one excludes.
  [[nodiscard]] bool has_exceptions() const;
  /// Whether a pattern excludes whatever there is.
  [[nodiscard]] bool excludes_all() const;
  /// Whether an excluded folder may still hold something that a `!` pattern brings back.
  [[nodiscard]] bool may_include_below(std::string_view folder) const;

 private:
  struct Pattern {
    std::vector<std::string> parts;
    bool negated = false;
  };
  std::vector<Pattern> patterns_;
};

/// One path part against `*`, `?`, `[a-z]`, `[^a-z]`, `\x`, as Go's filepath.Match.
bool part_matches(std::string_view pattern, std::string_view part);
/// The parts of a path against those of a pattern, in which `**` is any number of parts.
bool parts_match(const std::vector<std::string>& pattern, const std::vector<std::string>& path);

}  // namespace ecr
