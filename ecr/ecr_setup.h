#pragma once
// A repository of ECR as it should be: created when it is missing, with its policies; and what a lifecycle
// policy would expire, before it does.

#include <string>
#include <vector>

#include "aws/client.h"
#include "base/result.h"
#include "ecr/ecr_client.h"

namespace ecr {

struct RepositorySettings {
  std::string name;
  bool immutable_tags = false;
  bool scan_on_push = false;
  std::string policy;            ///< JSON; empty: none is set
  std::string lifecycle_policy;  ///< JSON; empty: none is set
};

struct EnsuredRepository {
  EcrRepository repository;
  bool created = false;
};
/// Creates it when it is missing; a policy that is given is set in any case. Its other settings stay as they
/// are when it is there.
base::Result<EnsuredRepository> ensure_repository(aws::Client& client, const RepositorySettings& settings);

struct ExpiringImage {
  std::string digest;
  std::vector<std::string> tags;
  int rule = 0;  ///< its priority
};
/// What ECR's own preview says that the policy expires; an empty one is the policy that is there.
base::Result<std::vector<ExpiringImage>> preview_lifecycle(aws::Client& client, const std::string& repository,
                                                           const std::string& policy);

}  // namespace ecr
