#pragma once
// Copies files of the runner's into a folder that steps write to, so that the steps own them. The target is
// only ever reached through open folders: a symlink that a step put there leads nowhere else.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace steps {

/// Copies the named files (regular files and symlinks; folders are made empty) from `source` to `target`, an
/// open folder. Modes and modification times are kept. A file that vanished meanwhile is left out.
base::Result<void> copy_files_for_steps(const base::Path& source,
                                        const std::vector<std::string>& relative_paths, int target,
                                        std::uint32_t owner);

/// All files, symlinks and folders below `source`, relative and sorted; `keep` says which (folders that it
/// refuses are not entered).
base::Result<std::vector<std::string>> list_tree(
    const base::Path& source, const std::function<bool(const std::string& relative)>& keep);

}  // namespace steps
