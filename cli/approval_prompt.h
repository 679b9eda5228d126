#pragma once
// Asks at the terminal whether a job may deploy to its environment. Somebody else may decide meanwhile
// (`pipeline approve`): then the question is void.

#include <string>
#include <thread>
#include <vector>

#include "base/files.h"
#include "runner/approvals.h"

namespace cli {

/// Who sits here, as this machine knows them.
std::string user_name();

/// One question at a time, each in its own thread, until answered or decided elsewhere.
class ApprovalPrompt {
 public:
  explicit ApprovalPrompt(base::Path state_folder) : state_folder_(std::move(state_folder)) {}
  /// Only on a terminal; else nothing is asked here.
  void ask(const runner::Approval& approval);

 private:
  base::Path state_folder_;
  std::vector<std::jthread> threads_;
};

}  // namespace cli
