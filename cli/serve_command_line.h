#pragma once
// The flags of `pipeline serve` and `pipeline dispatch`. Not for what the daemon does (server/).

#include "cli/command_line.h"

namespace CLI {
class App;
}

namespace cli {

void add_serve(CLI::App& app, ServeFlags& flags);
void add_dispatch(CLI::App& app, DispatchFlags& flags);

}  // namespace cli
