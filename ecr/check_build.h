#pragma once
// The build checks of one build: as warnings before it begins, or alone (`docker build --check`).

#include <string>
#include <vector>

#include "base/result.h"
#include "ecr/build.h"
#include "ecr/check_report.h"

namespace ecr {

struct CheckedBuild {
  std::vector<CheckFinding> findings;
  bool fails = false;  ///< because of them, as `error=true` wants it
};

enum class CheckedStages {
  needed,  ///< by the target
  all,     ///< unless a target is named
};
/// Pulls a base image that is not in the store only where what it brings decides. An Error where the
/// Dockerfile cannot be built.
base::Result<CheckedBuild> check_build(const BuildOptions& options, ImageStore& store, CheckedStages stages);

/// Of the file's directive, or of the build-arg, which wins.
base::Result<CheckSettings> check_settings(const BuildOptions& options, const Dockerfile& file);

/// `Dockerfile:3: Rule: message`
std::string to_text(const CheckFinding& finding, const std::string& file_name);
/// For people: how many there are, and each with its rule's page and the line in its surroundings.
std::string checks_to_text(const CheckedBuild& checked, const BuildOptions& options);
/// Warns of all findings by `options.progress`; the Error of a build that shall not begin.
base::Result<void> tell_checks(const CheckedBuild& checked, const BuildOptions& options);

}  // namespace ecr
