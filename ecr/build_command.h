#pragma once
// RUN: a command in a sandbox over a stage's layers, its output line by line.

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "ecr/overlay_view.h"
#include "sandbox/sandbox.h"

namespace ecr {

struct BuildCommand {
  std::vector<base::Path> lower;  ///< topmost first; not empty
  OverlayUpper upper;             ///< takes what the command changes
  sandbox::Command command;
  std::vector<sandbox::Mount> mounts;
  /// When the mounts are made: their sources may lose their names now.
  std::function<void()> when_mounted;
  sandbox::NetworkMode network = sandbox::NetworkMode::host;
  sandbox::Limits limits;
  std::string hostname;
  std::stop_token stop;
  std::function<void(std::string_view line)> on_line;  ///< stdout and stderr, without the newline
};

/// The exit code as a shell tells it. No process of it is left. An error is a sandbox that could not be made,
/// or the stop.
base::Result<int> run_build_command(const BuildCommand& command);

}  // namespace ecr
