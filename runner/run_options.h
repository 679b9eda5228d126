#pragma once
// What a run is given besides its workflow: who, where, with which secrets and how isolated.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/files.h"
#include "base/git.h"
#include "base/http_client.h"
#include "base/result.h"
#include "runner/isolation.h"
#include "runner/network_policy.h"
#include "sandbox/plan.h"
#include "steps/forge_results.h"
#include "steps/running_job.h"
#include "workflow/event.h"

namespace runner {

class ActionStore;

enum class KeepFolders { no, yes };

struct RunOptions {
  base::Path state_folder;
  base::RepositoryState repository;  ///< work_tree is where `actions/checkout` takes from
  std::string repository_name;       ///< owner/name
  workflow::Event event;
  std::string actor;
  std::map<std::string, std::string> secrets;
  std::map<std::string, std::string> variables;
  std::map<std::string, std::string> environment;  ///< of all steps, below the workflow's own env
  Isolation isolation = Isolation::namespaces;
  NetworkPolicy network;
  sandbox::Limits limits;
  std::chrono::milliseconds time_limit{0};  ///< of each job, beside its own timeout-minutes; 0 is none
  steps::DockerMode docker = steps::DockerMode::builtin;
  std::size_t parallel = 0;  ///< jobs at a time; 0 is all that are ready
  bool step_debug = false;   ///< runner.debug and RUNNER_DEBUG are 1
  KeepFolders keep = KeepFolders::no;
  /// The runner has to end: jobs fail, and no step of theirs cleans up (actions/runner StepsRunner.cs).
  std::stop_token shutdown;
  std::vector<std::string> no_builtin;  ///< built-in actions to be fetched instead, with or without owner
  bool may_mint_id_tokens = true;       ///< false: no job gets any, whatever its permissions are
  std::string oidc_issuer;              ///< empty: the runner's own address
  /// Told where the issuer's keys are, before the first token is minted.
  std::function<base::Result<void>(const std::string& issuer, const std::string& keys_url)> on_issuer;
  std::map<std::string, std::string> registry_endpoints;
  ActionStore* actions = nullptr;  ///< where actions and workflows of other repositories come from
  base::HttpClient* http = nullptr;
  ecr::ImageStore* images = nullptr;
  steps::BlobStore* results = nullptr;  ///< artifacts and caches
  std::optional<steps::ForgeResults>
      forge_results;  ///< artifacts are there, and here only for the time being
};

}  // namespace runner
