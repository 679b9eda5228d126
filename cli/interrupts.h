#pragma once
// Ctrl-C and SIGTERM: the first asks for an orderly end, the second ends the program at once.

#include <stop_token>

namespace cli {

/// Starts listening for SIGINT and SIGTERM; call once, before other threads start.
void watch_for_interrupts();
bool interrupted();
std::stop_token interrupt_token();
/// SIGTERM alone: whoever stops this program cannot wait for what a cancelled run would still do.
std::stop_token shutdown_token();

}  // namespace cli
