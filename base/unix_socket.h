#pragma once
// Sockets that have a name in the file tree. Not for TCP (listening_socket).

#include "base/fd.h"
#include "base/files.h"
#include "base/result.h"

namespace base {

enum class Blocking { yes, no };

/// Listens at `path`, without blocking; what lay there before is taken away. The path may be longer than a
/// socket's address, its last part not.
Result<Fd> listen_at(const Path& path, int backlog);
/// A connection to the socket at `path`, which is no longer than a socket's address.
Result<Fd> connect_to(const Path& path, Blocking blocking);

}  // namespace base
