#pragma once
// The process that a run belongs to: found by the lock that it holds on the run's folder, and asked to end
// the run. Not for what becomes of the run's folders (workspace).

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "base/files.h"
#include "base/result.h"

namespace runner {

/// state/runs/ID
base::Path run_folder(const base::Path& state_folder, std::int64_t run_id);

/// Whether a process holds the run. One that was killed holds nothing.
bool is_running(const base::Path& state_folder, std::int64_t run_id);

/// What is said to who wants to run it again.
base::Error still_running(std::int64_t run_id);

/// Sends the signal to the process that holds the run, and to no other that has its number by now.
/// not_found when nobody holds it.
base::Result<pid_t> signal_owner(const base::Path& state_folder, std::int64_t run_id, int signal_number);

/// Notes in the lock's file who holds it; for RunFolders.
base::Result<void> write_owner(const base::Path& lock_file);

}  // namespace runner
