#pragma once
// The `github` context of a run, as far as the event and the run's own numbers say it (docs "github
// context"). Pure. Not for what belongs to a job or a step: job, workspace, action, event_path, env, path …

#include <cstdint>
#include <string>

#include "workflow/event.h"
#include "workflow/expression/value.h"

namespace workflow {

/// Where an event happened, and who made it happen.
struct EventOrigin {
  std::string repository;  ///< owner/name
  std::string repository_id;
  std::string repository_owner;
  std::string repository_owner_id;
  std::string repository_url;  ///< github.repositoryUrl: git://github.com/owner/name.git
  std::string server_url = "https://github.com";
  std::string actor;
  std::string actor_id;
};

/// What the payload says of it; what it leaves open stays as in `known`.
EventOrigin origin_of(const expression::Value& payload, EventOrigin known);

/// The run itself.
struct RunIdentity {
  std::string workflow_name;  ///< empty: its path stands for it
  std::string workflow_path;  ///< .github/workflows/ci.yml
  std::string workflow_sha;   ///< the commit that the workflow's file is from; empty is the event's
  std::int64_t run_id = 0;
  std::int64_t run_number = 0;
  std::int64_t run_attempt = 1;
  std::string triggering_actor;  ///< who asked for this attempt; empty is the actor
  std::string token;
};

/// main of refs/heads/main, v1 of refs/tags/v1, 7/merge of refs/pull/7/merge.
std::string short_ref_name(const std::string& ref);

expression::Value github_context(const Event& event, const EventOrigin& origin, const RunIdentity& run);

}  // namespace workflow
