#pragma once
// A rollback that the API of the build box took down, carried out by a process of its own.

#include <cstdint>

#include "base/result.h"
#include "cli/command_line.h"
#include "server/config.h"

namespace cli {

/// On AWS by the credentials of this process's environment, on the emulator of the configuration by those of
/// its seed. What came of it is written where it was asked for.
base::Result<void> carry_out_rollback(const CommonFlags& common, const server::Config& config,
                                      std::int64_t id);

}  // namespace cli
