#pragma once
// The fork server inside a sandbox. It enters the sandbox that the supervisor describes and then starts one
// process per request until the supervisor is gone.

namespace sandbox {

/// Its end of the control socket.
inline constexpr int kControlFd = 3;

/// The main() of the program that runs inside sandboxes; returns the exit code.
int zygote_main();

}  // namespace sandbox
