#pragma once
// Asks a forge for tasks as long as there is room for one more, and runs each on a thread of its own. Not for
// what a task is (runner_protocol), nor for running it.

#include <chrono>
#include <functional>
#include <stop_token>

#include "server/forge_client.h"

namespace server {

struct PollerOptions {
  std::vector<std::string> labels;  ///< declared first: names
  std::size_t capacity = 1;         ///< tasks at a time
  bool only_one = false;            ///< ends after one task
  std::chrono::milliseconds interval{2000};
  std::chrono::milliseconds longest_pause{60'000};  ///< while the forge does not answer
  std::stop_token stop;                             ///< no more tasks; those that run are waited for
  std::function<void(const ForgeTask&)> run;        ///< on a thread of its own
  std::function<void(const std::string&)> say;      ///< for whoever looks after the machine
};

/// Returns when it was stopped, or after the one task. denied: the forge does not know the runner.
base::Result<void> poll_for_tasks(ForgeClient& forge, const PollerOptions& options);

}  // namespace server
