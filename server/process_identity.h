#pragma once
// Which process it was, in a way that no later process of the same number can be taken for it: its number,
// when it began, and on which start of the machine.

#include <sys/types.h>

#include <string>

#include "base/files.h"
#include "base/result.h"

namespace server {

/// What tells one start of the machine from the next.
base::Result<std::string> read_boot_id(const base::Path& file);

/// "PID START BOOT"; an Error when there is no such process.
base::Result<std::string> identity_of(pid_t pid, const std::string& boot_id);

enum class ProcessLife { alive, gone, other_boot };
/// One that has ended and that nobody waited for is gone, too.
ProcessLife look_at(const std::string& identity, const std::string& boot_id);

}  // namespace server
