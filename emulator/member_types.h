#pragma once
// The types that members of ECS's requests have. AWS's own parser refuses others before the operation sees
// them, without a place: `STRING_VALUE can not be converted to an Integer`. Pure.

#include "base/json_fwd.h"
#include "base/result.h"

namespace emulator {

/// SerializationException, for the first member of a wrong type. Members that are null count as absent, those
/// that are not known are passed over.
base::Result<void> check_member_types(const base::Json& request);

}  // namespace emulator
