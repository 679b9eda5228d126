#pragma once
// What triggered a run, and whether a workflow's `on:` wants it. Filters have GitHub's own pattern language.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_fwd.h"
#include "workflow/expression/value.h"
#include "workflow/workflow.h"

namespace workflow {

struct Event {
  std::string name = "push";
  expression::Value payload;  ///< github.event
  std::string ref;            ///< refs/heads/main, refs/tags/v1, refs/pull/7/merge
  std::string sha;
  std::string base_ref;  ///< of a pull request: the branch it goes into
  std::string head_ref;
  std::string action;                      ///< the payload's activity type: opened, published …
  std::vector<std::string> changed_files;  ///< for paths filters
  bool changed_files_known = false;        ///< else a paths filter lets everything through, as GitHub does
};

/// Whether the trigger fires; when not, why.
struct TriggerVerdict {
  bool fires = false;
  std::string reason;
};
TriggerVerdict matches(const Workflow& workflow, const Event& event);

/// GitHub's filter patterns: `*` stops at '/', `**` does not, `?` and `+` repeat the character before, `[]` a
/// class.
bool filter_pattern_matches(std::string_view pattern, std::string_view text);
/// Positive and `!` patterns in order; the last that matches decides.
bool filter_matches(const std::vector<std::string>& patterns, std::string_view text);

}  // namespace workflow
