#pragma once
// Completion scripts for shells, made of the command line's own model, so that no flag is written down twice.

#include <CLI/CLI.hpp>
#include <string>

namespace cli {

/// For bash, zsh or fish.
std::string completion_script(const CLI::App& app, const std::string& shell);

}  // namespace cli
