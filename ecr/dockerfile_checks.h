#pragma once
// Holds a Dockerfile against BuildKit's build checks. Reads nothing but what it is given: which base images
// there are is the caller's.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "ecr/build_variables.h"
#include "ecr/check_report.h"
#include "ecr/dockerfile.h"
#include "ecr/dockerignore.h"

namespace ecr {

struct CheckedFile {
  const Dockerfile& file;
  GlobalVariables variables;
  GlobalVariables defaults;  ///< of a build without arguments
  const DockerIgnore& ignore;
  std::set<std::size_t> stages;  ///< whose instructions count
  /// The configuration of an image that is no stage, for the stage that is built from it.
  std::function<base::Result<const ImageConfig*>(const std::string& image, const Stage& stage)> base_config;
};

/// An Error where the file cannot be built at all.
base::Result<std::vector<CheckFinding>> check_dockerfile(const CheckedFile& checked,
                                                         const CheckSettings& settings);

/// Its parts: of names, words and FROM; then of what instructions say, stage by stage.
void check_stages(const CheckedFile& checked, CheckReport& report);
base::Result<void> check_instructions(const CheckedFile& checked, CheckReport& report);

/// ` (did you mean X?)`, or nothing.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& known,
                         const std::string& sign = "");

}  // namespace ecr
