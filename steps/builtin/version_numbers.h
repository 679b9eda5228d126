#pragma once
// Versions as the tags of images are made from: semver 2.0 as npm's semver reads it, and PEP 440. Pure. Not
// for ranges (steps/version_spec).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace steps::builtin {

struct SemanticVersion {
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::int64_t patch = 0;
  std::vector<std::string> prerelease;
  std::vector<std::string> build;
  /// Without the build part: 1.2.3-rc.1
  [[nodiscard]] std::string version() const;
};
/// A leading `v` and blanks around it are allowed.
std::optional<SemanticVersion> parse_semantic_version(std::string_view text);

struct PythonVersion {
  std::int64_t epoch = 0;
  std::vector<std::int64_t> release;  ///< one part or more
  std::string pre;                    ///< a1, b2, rc3
  std::optional<std::int64_t> post;
  std::optional<std::int64_t> dev;
  std::string local;
  /// As PEP 440 normalizes it: 1.0rc1.post2.dev3+ubuntu.1
  [[nodiscard]] std::string normalized() const;
  /// Part 0, 1 or 2 of the release; 0 where there is none.
  [[nodiscard]] std::int64_t part(std::size_t index) const;
  [[nodiscard]] bool is_final() const { return pre.empty() && !post && !dev; }
};
std::optional<PythonVersion> parse_python_version(std::string_view text);

}  // namespace steps::builtin
