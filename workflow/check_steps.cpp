#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "workflow/check_workflow.h"

namespace workflow {

namespace {

// What stands between slashes of either kind.
std::size_t count_segments(std::string_view path) {
  std::size_t count = 0;
  bool inside = false;
  for (const char c : path) {
    const bool slash = c == '/' || c == '\\';
    if (!slash && !inside) ++count;
    inside = !slash;
  }
  return count;
}

// An image, a path of the repository, or owner/repository[/path]@ref.
bool is_action_reference(std::string_view uses) {
  for (const std::string_view prefix : {"docker://", "./", ".\\", "$/"}) {
    if (uses.starts_with(prefix)) return true;
  }
  const auto at = uses.find('@');
  return at != std::string_view::npos && at + 1 < uses.size() && at == uses.rfind('@') &&
         count_segments(uses.substr(0, at)) >= 2;
}

class StepsChecker {
 public:
  StepsChecker(const std::string& file, Diagnostics& diagnostics) : file_(file), diagnostics_(diagnostics) {}

  void check(const std::vector<Step>& steps) {
    for (const auto& step : steps) {
      if (step.has_own_id && !step.parallel.empty()) known_.insert(base::to_lower(step.id));
      if (step.uses) action_reference(*step.uses);
      for (const auto& target : step.wait.items) target_of(step, target);
      if (step.wait.is_scalar()) target_of(step, step.wait);
      if (step.cancel.present()) target_of(step, step.cancel);
      if (step.wait_all.kind == NodeKind::boolean && base::to_lower(step.wait_all.text) == "false")
        report(step.wait_all, "The value of 'wait-all' must be true or omitted");
      for (const auto& inner : step.parallel) {
        if (inner.uses) action_reference(*inner.uses);
        inside_parallel(step, inner);
      }
      if (step.has_own_id) known_.insert(base::to_lower(step.id));
    }
  }

 private:
  void action_reference(const Text& uses) {
    if (is_action_reference(uses.text)) return;
    diagnostics_.push_back(
        {{file_, uses.line, uses.column},
         fmt::format("Expected format {{org}}/{{repo}}[/path]@ref. Actual '{}'", uses.text)});
  }

  void target_of(const Step& step, const Node& target) {
    if (target.text.starts_with("__")) {
      report(target, fmt::format("The identifier '{}' is invalid. IDs starting with '__' are reserved.",
                                 target.text));
    } else if (step.has_own_id && base::equals_ignoring_case(target.text, step.id)) {
      report(target, fmt::format("Step '{}' cannot reference itself", step.id));
    } else if (!known_.contains(base::to_lower(target.text))) {
      report(target, fmt::format("Step references unknown step ID '{}'", target.text));
    }
  }

  // Whatever is wrong in it, GitHub names the place of the block.
  void inside_parallel(const Step& block, const Step& step) {
    const auto refuse = [&](bool found, std::string_view message) {
      if (found) diagnostics_.push_back({{file_, block.line, block.column}, std::string(message)});
    };
    refuse(step.background.present(),
           "'background' is not allowed inside a parallel block. Steps in a parallel block are automatically "
           "run "
           "as background steps.");
    refuse(step.wait.present(), "'wait' is not allowed inside a parallel block.");
    refuse(step.wait_all.present(), "'wait-all' is not allowed inside a parallel block.");
    refuse(step.cancel.present(), "'cancel' is not allowed inside a parallel block.");
    refuse(!step.parallel.empty(), "Nested 'parallel' blocks are not allowed.");
    if (step.has_own_id) known_.insert(base::to_lower(step.id));
  }

  void report(const Node& node, std::string message) {
    diagnostics_.push_back({{file_, node.line, node.column}, std::move(message)});
  }

  const std::string& file_;
  Diagnostics& diagnostics_;
  std::set<std::string> known_;
};

}  // namespace

void check_steps(const std::string& file, const std::vector<Step>& steps, Diagnostics& diagnostics) {
  StepsChecker(file, diagnostics).check(steps);
}

}  // namespace workflow
