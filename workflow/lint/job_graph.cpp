#include <fmt/format.h>

#include <optional>
#include <set>

#include "base/strings.h"
#include "workflow/expression/evaluator.h"
#include "workflow/expression/functions.h"
#include "workflow/expression/syntax.h"
#include "workflow/expression/template.h"
#include "workflow/lint/places.h"
#include "workflow/lint/rules.h"

namespace workflow::lint {

namespace {

struct Condition {
  bool never = false;        ///< it is false, whatever happens
  bool asks_status = false;  ///< it may hold after a job that was skipped
};

Condition condition_of(const std::optional<Text>& text) {
  Condition condition;
  if (!text) return condition;
  const auto unwrapped = expression::unwrapped_condition(text->text);
  if (!unwrapped) return condition;
  const auto tree = expression::parse_expression(*unwrapped);
  if (!tree) return condition;
  bool constant = true;
  expression::visit_nodes(**tree, [&](const expression::Node& node) {
    constant = constant && node.kind != expression::NodeKind::name;
    if (node.kind != expression::NodeKind::call) return;
    const bool status = expression::is_status_function(node.name);
    condition.asks_status =
        condition.asks_status || (status && !base::equals_ignoring_case(node.name, "success"));
    if (status || base::equals_ignoring_case(node.name, "hashFiles")) constant = false;
  });
  if (!constant) return condition;
  const auto value = expression::evaluate(**tree, {});
  condition.never = value.ok() && !value->truthy();
  return condition;
}

}  // namespace

void check_needs_once(const LintedFile& file, Diagnostics& findings) {
  for (const auto& job : file.draft.workflow.jobs) {
    std::set<std::string> seen;
    for (const auto& need : job.needs) {
      if (!seen.insert(base::to_lower(need.text)).second)
        report(file, findings, place_of(need),
               fmt::format("the job '{}' is needed twice; ids are without case", need.text));
    }
  }
}

void check_unreachable_jobs(const LintedFile& file, Diagnostics& findings) {
  const auto& jobs = file.draft.workflow.jobs;
  std::set<std::string> never;
  std::set<std::string> may_run_after_skipped;
  for (const auto& job : jobs) {
    const auto condition = condition_of(job.condition);
    if (condition.never) never.insert(base::to_lower(job.id));
    if (condition.asks_status) may_run_after_skipped.insert(base::to_lower(job.id));
  }
  // Each turn finds at least one more; what needs a job that never runs is skipped with it.
  for (bool more = !never.empty(); more;) {
    more = false;
    for (const auto& job : jobs) {
      const auto id = base::to_lower(job.id);
      if (never.contains(id) || may_run_after_skipped.contains(id)) continue;
      for (const auto& need : job.needs) {
        if (!never.contains(base::to_lower(need.text))) continue;
        report(file, findings, place_of(need),
               fmt::format(
                   "the job '{}' never runs: it needs '{}', which is always skipped. Give it a condition "
                   "such as `if: ${{{{ !cancelled() }}}}`",
                   job.id, need.text));
        more = never.insert(id).second || more;
        break;
      }
    }
  }
}

}  // namespace workflow::lint
