#pragma once
// The flags of `pipeline serve`. Not for what the daemon does (server/).

#include "cli/command_line.h"

namespace CLI {
class App;
}

namespace cli {

void add_serve(CLI::App& app, ServeFlags& flags);

}  // namespace cli
