#pragma once
// Variables of a build: global ARGs, those of a stage, what the caller gave, and the ones every build has.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ecr/build.h"
#include "ecr/dockerfile.h"

namespace ecr {

class GlobalVariables {
 public:
  /// Evaluates the ARGs before the first FROM.
  static base::Result<GlobalVariables> evaluate(const Dockerfile& file, const BuildOptions& options,
                                                const Platform& platform);
  /// For FROM: global ARGs and the predefined ones.
  [[nodiscard]] std::optional<std::string> find(std::string_view name) const;
  /// What find() has a value for.
  [[nodiscard]] std::vector<std::string> names() const;
  /// The value that `ARG name` without a default has in a stage, and marks a given argument as used.
  std::optional<std::string> for_stage(const std::string& name);
  /// What the caller gave for it; marks it as used.
  std::optional<std::string> given(const std::string& name);
  /// Proxy variables that were given, in both cases: RUN sees them without an ARG.
  [[nodiscard]] std::map<std::string, std::string> proxies() const;
  /// What the machine is called that a RUN sees: BuildKit's word for it, or what BUILDKIT_SANDBOX_HOSTNAME
  /// says.
  [[nodiscard]] std::string hostname() const;
  /// Given arguments that no ARG asked for.
  [[nodiscard]] std::vector<std::string> unused() const;

 private:
  std::map<std::string, std::string> given_;
  std::map<std::string, std::string> declared_;
  std::map<std::string, std::string> predefined_;  ///< of the platform, and TARGETSTAGE
  std::set<std::string> used_;
};

/// `name` or `name=value` of an ARG, as written.
struct ArgDeclaration {
  std::string name;
  std::optional<std::string> fallback;
};
ArgDeclaration parse_arg(const std::string& word);

}  // namespace ecr
