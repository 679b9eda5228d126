#pragma once
// A rollback that the API of the build box took down, carried out by a process of its own.

#include <cstdint>

#include "base/result.h"
#include "cli/command_line.h"

namespace cli {

/// By the AWS credentials of the daemon's environment. What came of it is written where it was asked for.
base::Result<void> carry_out_rollback(const CommonFlags& common, std::int64_t id);

}  // namespace cli
