#pragma once
// Opening below a folder without following any symlink at all: for trees that somebody hostile may have made,
// where open_beneath() (which follows links inside) would be too kind.

#include <sys/types.h>

#include "base/fd.h"
#include "base/files.h"

namespace base {

/// Opens `relative` below `directory`; an empty path is the folder itself. No component may be a symlink or
/// `..` beyond the folder. Without a descriptor, errno says why: ELOOP for a symlink, EXDEV for leaving.
Fd open_strictly(int directory, const Path& relative, int flags, mode_t mode = 0);

}  // namespace base
