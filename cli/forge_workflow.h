#pragma once
// The workflow of one job that a forge hands out, in GitHub's words, with the workflows that it calls. Not
// for running it (forge_task).

#include <string>
#include <string_view>

#include "base/http_client.h"
#include "base/result.h"
#include "cli/forge_actions.h"
#include "cli/forge_task.h"
#include "runner/action_store.h"
#include "server/forge_client.h"
#include "workflow/workflow.h"

namespace cli {

struct TaskWorkflow {
  workflow::Workflow workflow;  ///< the task's job, then those that it needs, as jobs without steps
  ActionServers servers;
};
base::Result<TaskWorkflow> read_task_workflow(const server::ForgeTask& task, const ForgeJobs& jobs);

/// A member of the `github` context that the forge gives; "" when there is none.
std::string context_text(const server::ForgeTask& task, std::string_view name);
/// GITHUB_TOKEN.
std::string token_of(const server::ForgeTask& task);
/// For the repositories of the forge itself, which the job's token opens.
runner::ActionStoreOptions forge_repositories(const server::ForgeTask& task, const ForgeJobs& jobs,
                                              base::HttpClient& http);

}  // namespace cli
