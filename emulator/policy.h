#pragma once
// Policies. Of trust: whether a principal with certain condition keys may assume a role, and if not, which
// condition stands in the way. Of access: whether those of a role allow an action. Pure.

#include <map>
#include <string>
#include <vector>

#include "base/json.h"

namespace emulator {

/// Who asks: `federated` is an OIDC provider's ARN, `aws` an ARN or account, `service` one of AWS's; one of
/// them is set.
struct TrustQuestion {
  std::string action;  ///< sts:AssumeRoleWithWebIdentity
  std::string federated;
  std::string aws;
  std::map<std::string, std::vector<std::string>> keys;  ///< condition keys present in the request
  std::string service = {};                              ///< ecs-tasks.amazonaws.com
};

struct TrustAnswer {
  bool allowed = false;
  std::string reason;  ///< for the audit log: the condition that failed, expected and found
};

TrustAnswer evaluate_trust(const base::Json& policy, const TrustQuestion& question);

/// What someone wants to do: by his own policies.
struct AccessQuestion {
  std::string action;    ///< ecs:UpdateService
  std::string resource;  ///< an ARN, or * where an action knows none
  std::map<std::string, std::vector<std::string>> keys;
};
enum class Access { allowed, explicitly_denied, implicitly_denied };
Access evaluate_access(const std::vector<base::Json>& policies, const AccessQuestion& question);

/// What a policy of the resource itself says to a principal: the ARN that it has as a session or user, and
/// that of its role. Statements without Resource mean the one that has the policy.
struct Asker {
  std::string arn;
  std::string role_arn;  ///< empty: it is no session of a role
};
Access evaluate_resource_policy(const base::Json& policy, const Asker& asker, const AccessQuestion& question);

/// What is wrong with a policy document, or "".
std::string policy_fault(const base::Json& policy);

}  // namespace emulator
