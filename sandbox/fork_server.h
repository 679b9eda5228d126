#pragma once
// What serves the supervisor from inside a sandbox: starts processes there, signals and lists them, and opens
// sockets and folders as they see them. Not for getting in: zygote is.

#include <cstdint>

namespace sandbox {

/// Answers requests of `control` (protocol.h) until the supervisor has closed it; processes that name no
/// other user run as `uid` and `gid`. Returns the exit code.
int serve_requests(int control, std::uint32_t uid, std::uint32_t gid);

}  // namespace sandbox
