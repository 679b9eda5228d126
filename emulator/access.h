#pragma once
// Whether the policies of a role, and of what it asks for, allow what is done with its credentials. A role
// without policies may do everything, so that a seed need not know them, and so may users of the seed; but
// what a resource's own policy denies is denied to all. Trust is policy.h's and STS's.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "emulator/audit_log.h"
#include "emulator/identity.h"
#include "emulator/policy.h"
#include "emulator/service.h"

namespace emulator {

/// The policy of the resource with this ARN; null when it has none.
using ResourcePolicyOf = std::function<base::Json(const std::string& arn)>;
/// The task role and execution role of a registered task definition, by name or ARN; for iam:PassRole.
using RolesOf = std::function<std::vector<std::string>(const std::string& task_definition)>;

class AccessControl {
 public:
  /// Both must outlive it.
  AccessControl(Identity& identity, AuditLog& audit, RolesOf roles_of, ResourcePolicyOf policy_of)
      : identity_(identity),
        audit_(audit),
        roles_of_(std::move(roles_of)),
        policy_of_(std::move(policy_of)) {}

  /// AWS's refusal of a signed call, or nothing when it is allowed.
  [[nodiscard]] std::optional<ApiFailure> check(const ServiceTable& service, const ApiCall& call) const;
  /// AWS's sentence of why a session of this role, or a user when it is empty, may not, or nothing when it
  /// may. A role that is not known here is not limited. The question's resource may have a policy of its own,
  /// whose Allow is enough, as it is within an account.
  [[nodiscard]] std::optional<std::string> refusal(const std::string& role_arn, const std::string& user_arn,
                                                   const AccessQuestion& question) const;

 private:
  [[nodiscard]] std::vector<std::string> passed_roles(const ApiCall& call) const;

  Identity& identity_;
  AuditLog& audit_;
  RolesOf roles_of_;
  ResourcePolicyOf policy_of_;
};

/// All policy documents of a role.
std::vector<base::Json> policies_of(const Role& role);
/// The ARN that a call is about, as far as deployments restrict by it; else `*`.
std::string resource_of(const std::string& service, const ApiCall& call, const std::string& account);

}  // namespace emulator
