#pragma once
// A secret that is typed at the terminal and not shown.

#include <string>

namespace cli {

/// Whether there is somebody to ask.
bool can_ask();
/// Prints `what: ` and reads a line.
std::string ask_hidden(const std::string& what);

}  // namespace cli
