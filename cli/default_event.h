#pragma once
// What GitHub would say of an event in this working tree, for a run without a payload of its own: the members
// that workflows and actions read, as docs "Webhook events and payloads" name them. What only GitHub could
// know (labels, numbers, other people) is left out or as in a fresh pull request.

#include <string>

#include "base/git.h"
#include "base/json.h"
#include "base/result.h"

namespace cli {

/// refs/heads/NAME, or refs/tags/NAME of a detached HEAD with a tag.
std::string ref_of(const base::RepositoryState& repository);

struct DefaultEvent {
  std::string name;        ///< push, pull_request, …
  std::string repository;  ///< owner/name
  std::string actor;
};
base::Result<base::Json> default_payload(const DefaultEvent& event, const base::RepositoryState& repository);

}  // namespace cli
