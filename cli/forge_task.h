#pragma once
// A job that a forge hands out becomes a run of this machine, on the same path as `pipeline run`: its
// workflow of one job, its event, secrets, variables and what its needs came to. Not for talking to the forge
// (server/task_report).

#include <vector>

#include "base/result.h"
#include "cli/run_one.h"
#include "server/forge_client.h"
#include "server/runner_labels.h"

namespace cli {

/// What all jobs of a runner share.
struct ForgeJobs {
  const CommonFlags& common;
  const RunFlags& flags;
  std::string instance;
  std::vector<server::RunnerLabel> labels;
  std::stop_token give_up;  ///< jobs are cancelled that run still
};

/// Runs it, and tells the forge how it goes until it has all. Returns a line about it.
std::string run_forge_task(const server::ForgeTask& task, server::ForgeClient& forge, const ForgeJobs& jobs);

}  // namespace cli
