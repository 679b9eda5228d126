#pragma once
// Short helper programs of the host (newuidmap, mmdebstrap, docker …), run to their end without a sandbox.
// Steps never come this way: they go through sandbox::Sandbox.

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace base {

struct ProcessOptions {
  std::vector<std::string> argv;
  std::optional<std::vector<std::string>> environment;  ///< "K=V"; absent is our own
  Path directory;
  std::string input;
  std::chrono::milliseconds timeout{600'000};
  std::stop_token stop;
  /// Each piece of output as it comes (stdout and stderr merged); absent collects it.
  std::function<void(std::string_view)> on_output;
};

struct ProcessResult {
  int exit_code = 0;  ///< 128 + signal when killed
  std::string output;
};

Result<ProcessResult> run_process(const ProcessOptions& options);
/// The absolute path of a program on $PATH (or the one given).
std::optional<Path> find_program(std::string_view name, std::string_view search_path = "");

}  // namespace base
