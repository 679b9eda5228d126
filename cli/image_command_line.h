#pragma once
// The flags of image and its verbs. Only command_line.cpp calls this.

#include <CLI/CLI.hpp>

#include "cli/command_line.h"

namespace cli {

void add_image(CLI::App& app, ImageFlags& flags);

}  // namespace cli
