#pragma once
// AWS's own policies, as far as deployments attach them: documents by ARN. Shortened to the services that are
// emulated.

#include <string>

#include "base/json_fwd.h"

namespace emulator {

/// The document, or nullptr for an ARN that is not known here.
const base::Json* managed_policy(const std::string& arn);

}  // namespace emulator
