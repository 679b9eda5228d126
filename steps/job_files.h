#pragma once
// Reading and making files in folders that steps write to. A step may put a symlink, a FIFO or a device where
// the runner expects a file, at any moment: everything here goes by open folders and never follows one out.

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/files.h"
#include "base/result.h"

namespace steps {

/// The content of a regular file beneath `directory`; not_found when there is none. A last component that is
/// a symlink is refused.
base::Result<std::string> read_regular_file(int directory, const base::Path& relative, std::size_t limit);

/// Makes a new file `name` in `directory` that the steps own; an old one of that name is replaced.
base::Result<void> create_file_for_steps(int directory, const std::string& name, std::string_view content,
                                         mode_t mode, std::uint32_t owner);

/// The folder `relative` beneath `directory`, made with its parents when missing, owned by the steps.
base::Result<base::Fd> make_folder_for_steps(int directory, const base::Path& relative, std::uint32_t owner);

/// Lets the steps own what `fd` is: by chown where the runner may, by permission bits where it may not.
base::Result<void> give_to_steps(int fd, std::uint32_t owner);

/// Removes all that is in the folder.
base::Result<void> remove_contents(int directory);

}  // namespace steps
