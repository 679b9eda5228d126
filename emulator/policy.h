#pragma once
// Trust policies of roles: whether a principal with certain condition keys may assume one, and if not, which
// condition stands in the way. Pure.

#include <map>
#include <string>
#include <vector>

#include "base/json.h"

namespace emulator {

/// Who asks: `federated` is an OIDC provider's ARN, `aws` an ARN or account; one of them is set.
struct TrustQuestion {
  std::string action;  ///< sts:AssumeRoleWithWebIdentity
  std::string federated;
  std::string aws;
  std::map<std::string, std::vector<std::string>> keys;  ///< condition keys present in the request
};

struct TrustAnswer {
  bool allowed = false;
  std::string reason;  ///< for the audit log: the condition that failed, expected and found
};

TrustAnswer evaluate_trust(const base::Json& policy, const TrustQuestion& question);

}  // namespace emulator
