#pragma once
// Environments of a run: what the project's .pipeline.yml declares, and what a job sees that deploys to one.

#include <map>
#include <string>

#include "base/result.h"
#include "cli/run_session.h"
#include "runner/environment_rules.h"
#include "workflow/contexts.h"
#include "workflow/plan.h"

namespace cli {

/// By lower-case name; none when the project has no .pipeline.yml.
base::Result<std::map<std::string, runner::EnvironmentRules>> project_environments(const base::Path& root);

/// The contexts of a leg with the secrets and variables of its environment above those of the run. The masker
/// learns the secrets.
base::Result<workflow::Contexts> contexts_in_environment(const workflow::PlannedJob& leg,
                                                         const workflow::Contexts& contexts,
                                                         Session& session);

}  // namespace cli
