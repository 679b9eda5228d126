#pragma once
// The part of ECR's API that is about policies of repositories: who may do what (kept, not enforced), and
// what would expire.

#include "base/clock.h"
#include "emulator/repositories.h"
#include "emulator/service.h"

namespace emulator {

/// The references must outlive the table.
void add_policy_operations(ServiceTable& table, Repositories& repositories, base::Clock& clock);

}  // namespace emulator
