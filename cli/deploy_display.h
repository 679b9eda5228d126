#pragma once
// How a release is shown at a terminal, or told to a program as one JSON object a line.

#include <string>

#include "base/prober.h"
#include "ecs/preflight.h"
#include "ecs/release.h"

namespace cli {

class DeployDisplay {
 public:
  enum class Form { text, json };
  explicit DeployDisplay(Form form) : form_(form) {}

  void line(const std::string& item, const std::string& text) const;
  void event(std::string_view type, const std::string& item, const base::Json& details) const;
  void preflight(const std::string& item, const ecs::Check& tree) const;
  void outcome(const ecs::ReleaseOutcome& outcome) const;
  void proof(const base::ProbeRecord& record) const;
  /// What `ecs` tells of one item; hooks are decided by `decide`.
  [[nodiscard]] ecs::FollowNews news_of(
      const std::string& item,
      std::function<std::optional<ecs::HookDecision>(const ecs::LifecycleHook&)> decide) const;

 private:
  Form form_;
};

/// Each end has an exit code of its own: 0 completed, 1 failed, 10 rolled back, 11 rollback failed, 12
/// superseded, 13 stopped, 14 timed out, 15 scaled to zero, 16 unknown, 130 cancelled.
int exit_code_of(ecs::RolloutEnd end);

}  // namespace cli
