#pragma once
// Environments as the project declares them: the section `environments` of .pipeline.yml, with what protects
// each and what its jobs get. Not for waiting (run_gates).

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "workflow/contexts.h"

namespace runner {

struct EnvironmentRules {
  std::string name;
  double wait_minutes = 0;  ///< `wait-timer`
  bool needs_approval = false;
  std::vector<std::string> reviewers;  ///< who may approve, by name on this machine; none: anybody
  std::vector<std::string> branches;   ///< patterns of branches and tags (fnmatch); none: all
  std::map<std::string, std::string> variables;
  std::string secrets_file;  ///< as written; relative to the project
};

/// By lower-case name. Keys that are not known are Errors with file:line:col. The other sections of the file
/// are not looked at.
base::Result<std::map<std::string, EnvironmentRules>> read_environments(const std::string& path,
                                                                        std::string_view text);

/// The name in a job's `environment`; "" when it has none.
base::Result<std::string> environment_name(const workflow::Node& environment, const workflow::Scope& scope);

/// Why a job of that ref may not deploy there; nothing when it may.
std::optional<std::string> why_ref_is_refused(const EnvironmentRules& rules, const std::string& ref);

}  // namespace runner
