#pragma once
// The fork server inside a sandbox: this binary, started anew with `__zygote` as its first argument. It
// enters the sandbox that the supervisor describes and then starts one process per request until the
// supervisor is gone.

namespace sandbox {

inline constexpr const char* kZygoteArgument = "__zygote";
/// Its end of the control socket.
inline constexpr int kControlFd = 3;

/// What main() does when argv[1] is kZygoteArgument; returns the exit code.
int zygote_main();

}  // namespace sandbox
