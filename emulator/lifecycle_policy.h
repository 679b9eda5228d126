#pragma once
// ECR's lifecycle policies: which images a policy would expire. Pure; nothing expires by itself here.

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "emulator/repositories.h"

namespace emulator {

struct ExpiringImage {
  std::string digest;
  std::int64_t rule_priority = 0;
};

/// What is wrong with the text of a policy, or "".
std::string lifecycle_fault(const std::string& policy);
/// Newest first. An image that fits the tags of a rule is out of reach of rules with a higher number.
std::vector<ExpiringImage> expiring_images(const std::string& policy, const Repository& repository,
                                           double now);

}  // namespace emulator
