#pragma once
// What a pre-flight judges, as it was found: each fact is a value, or the error that kept it from being one.
// Gathering asks AWS only; it changes nothing and keeps no secret's value.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"
#include "base/json.h"
#include "base/result.h"
#include "ecs/deployment_plan.h"
#include "ecs/ecr_facts.h"
#include "ecs/target_facts.h"

namespace ecs {

struct ImageFact {
  std::string container;
  std::string reference;
  base::Result<EcrImageFact> found;  ///< not_found: there is none; invalid_input: not of ECR
  std::string built_digest;          ///< of the image that this machine has under that name; empty: none
};

struct RoleFact {
  std::string use;  ///< "execution role"
  std::string arn;
  base::Result<base::Json> trust_policy;
  base::Result<bool> may_be_passed;  ///< by whoever deploys
};

struct SecretFact {
  std::string container;
  std::string variable;
  std::string value_from;
  base::Result<void> found;        ///< with its JSON key
  base::Result<bool> may_be_read;  ///< by the execution role
};

struct LogGroupFact {
  std::string container;
  std::string group;
  bool task_creates_it = false;
  base::Result<bool> exists;
};

struct Subnet {
  std::string id;
  std::string vpc;
  int free_addresses = 0;
};

struct PreflightFacts {
  DeploymentPlan plan;
  Service service;
  base::Json definition;  ///< as it will be registered
  std::vector<ImageFact> images;
  std::vector<RoleFact> roles;
  std::vector<SecretFact> secrets;
  std::vector<LogGroupFact> log_groups;
  std::vector<TargetGroupFact> target_groups;
  base::Result<std::vector<Subnet>> subnets = std::vector<Subnet>();
  std::vector<RollbackImageFact> rollback_images;
  std::optional<base::Result<base::Json>> latest;   ///< the family's newest revision; absent: there is none
  std::optional<base::Result<base::Json>> running;  ///< what the service runs
  std::chrono::seconds patience{1800};
  std::optional<std::chrono::seconds> credentials_left;  ///< absent: they do not expire, or renew themselves
};

/// The digest of the image that this machine has under a name; "" when it has none.
using FindBuiltImage = std::function<std::string(const std::string& reference)>;

struct PreflightRequest {
  DeploymentPlan plan;
  Service service;
  base::Json definition;
  std::chrono::seconds patience{1800};
  FindBuiltImage find_built_image;  ///< absent: none is looked for
};

PreflightFacts gather_facts(aws::Client& client, PreflightRequest request);

}  // namespace ecs
