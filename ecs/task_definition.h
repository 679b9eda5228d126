#pragma once
// Task definitions as documents: edited for a new image, and cleaned for RegisterTaskDefinition. Pure. Rules
// and messages are those of aws-actions/amazon-ecs-render-task-definition and
// amazon-ecs-deploy-task-definition.

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/json_fwd.h"
#include "base/result.h"

namespace ecs {

/// Of a file that holds one, in bytes.
inline constexpr std::size_t kLargestDefinition = 4U << 20;

/// What a render changes; what is absent stays.
struct ContainerEdits {
  std::vector<std::string> containers;  ///< each gets the same edits
  std::string image;
  std::optional<std::vector<std::string>> command;
  std::vector<std::string> environment_files;                    ///< S3 ARNs; replace what is there
  std::vector<std::pair<std::string, std::string>> environment;  ///< set or added
  std::vector<std::pair<std::string, std::string>> secrets;      ///< name, valueFrom
  std::string log_driver;
  std::vector<std::pair<std::string, std::string>> log_options;
  std::vector<std::pair<std::string, std::string>> docker_labels;
};

/// `definition` is changed only if all of it can be.
base::Result<void> edit_containers(base::Json& definition, const ContainerEdits& edits);

/// NAME=value lines; the value is all behind the first `=`, and blanks around that belong to either. `what`
/// names them in the error: "environment variable".
base::Result<std::vector<std::pair<std::string, std::string>>> parse_pairs(const std::string& text,
                                                                           const std::string& what);

/// Removes what DescribeTaskDefinition adds and RegisterTaskDefinition refuses; returns the names of what was
/// there.
std::vector<std::string> remove_described_keys(base::Json& definition);

/// Drops null, "", [] and {} at any depth but for keys to keep; an environment entry keeps its empty value.
base::Json without_empty_values(const base::Json& definition, const std::set<std::string>& keep);

}  // namespace ecs
