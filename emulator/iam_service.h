#pragma once
// IAM, as far as roles, their policies and identity providers go.

#include "base/clock.h"
#include "emulator/identity.h"
#include "emulator/service.h"

namespace emulator {

/// Both must outlive the table.
ServiceTable make_iam_service(Identity& identity, base::Clock& clock);

}  // namespace emulator
