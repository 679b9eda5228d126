#pragma once
// Version ranges as setup-python and setup-node take them (semver ranges of npm), and a tool's own version.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace steps {

struct Version {
  std::array<int, 3> parts{};
  auto operator<=>(const Version&) const = default;
};

/// The first `1.2.3` or `1.2` in the text ("Python 3.11.2", "v20.11.0").
std::optional<Version> find_version(std::string_view text);
std::string to_string(const Version& version);

/// `3.11`, `3.x`, `>=3.9 <3.13`, `^3.9`, `~3.9.1`, `3.9 - 3.12`, `20 || 22`, `*`.
class VersionSpec {
 public:
  static base::Result<VersionSpec> parse(std::string_view text);
  [[nodiscard]] bool allows(const Version& version) const;

 private:
  enum class Relation { less, at_least };
  struct Bound {
    Relation relation;
    Version version;
  };
  using Bounds = std::vector<Bound>;  ///< all must hold
  static base::Result<Bounds> parse_bounds(std::string_view text);
  static bool add_comparison(std::string_view text, Bounds& bounds);

  std::vector<Bounds> alternatives_;  ///< one must hold
};

}  // namespace steps
