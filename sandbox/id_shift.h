#pragma once
// Showing the files of one id range under the ids of another: an idmapped mount needs a user namespace that
// says which id stands for which. Only for a setting-up root; nothing of it is left in the sandbox.

#include <cstdint>

#include "base/files.h"
#include "base/result.h"

namespace sandbox {

/// A user namespace in which `stored` (ids on disk) and the ids after it stand for `shown` and those after
/// it. `proc` is a proc file system of our own PID namespace.
base::Result<base::Fd> make_id_shift(const base::Path& proc, std::uint32_t stored, std::uint32_t shown);

/// Binds `source` on `target` with the ids shifted. The error says what the machine has to have.
base::Result<void> bind_shifted(const base::Path& source, const base::Path& target, const base::Fd& shift);

}  // namespace sandbox
