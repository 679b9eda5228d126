#pragma once
// What this machine offers to sandboxes and what it lacks, each with the setting or package that helps. What
// `pipeline doctor` shows, and what a run says that cannot have its sandbox. Not for steps' own tools.

#include <string>
#include <vector>

namespace sandbox {

enum class Standing {
  good,
  weaker,   ///< sandboxes work, with less
  missing,  ///< what needs it stops
};

struct Finding {
  std::string name;
  Standing standing = Standing::good;
  std::string found;
  std::string advice;  ///< empty when there is nothing to do
};

/// Of the kernel's settings only; nothing is tried.
std::vector<Finding> examine_settings();
/// All of it: also makes sandboxes and takes them down.
std::vector<Finding> examine_machine();
/// What is missing for namespaces, as sentences; what else may be in the way when nothing is.
std::string advice_for_namespaces();

}  // namespace sandbox
