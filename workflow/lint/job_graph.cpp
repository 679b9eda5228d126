#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>
#include <vector>

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

void check_needed_jobs(const LintedFile& file, Diagnostics& findings) {
  // Where no job can start, GitHub says that and looks no further.
  std::set<std::string_view, base::LessIgnoringCase> ids;
  for (const auto& job : file.draft.workflow.jobs) ids.insert(job.id);
  for (const auto& job : file.draft.workflow.jobs) {
    std::set<std::string> seen;
    for (const auto& need : job.needs) {
      if (!seen.insert(base::to_lower(need.text)).second)
        report(file, findings, place_of(need),
               fmt::format("the job '{}' is needed twice; ids are without case", need.text));
      if (!ids.contains(need.text))
        report(file, findings, place_of(need),
               fmt::format("Job '{}' depends on unknown job '{}'.", job.id, need.text));
    }
  }
}

void check_unreachable_jobs(const LintedFile& file, Diagnostics& findings) {
  const auto& jobs = file.draft.workflow.jobs;
  struct Waiting {
    const Job* job;
    const Text* need;
  };
  std::map<std::string_view, std::vector<Waiting>, base::LessIgnoringCase> waiting_for;
  std::vector<std::string_view> skipped;
  for (const auto& job : jobs) {
    const auto condition = condition_of(job.condition);
    if (condition.never) skipped.push_back(job.id);
    if (condition.never || condition.asks_status) continue;
    for (const auto& need : job.needs) waiting_for[need.text].push_back({&job, &need});
  }
  // What needs a job that is always skipped is skipped with it.
  std::set<std::string_view, base::LessIgnoringCase> known(skipped.begin(), skipped.end());
  while (!skipped.empty()) {
    const auto id = skipped.back();
    skipped.pop_back();
    for (const auto& [job, need] : waiting_for[id]) {
      if (!known.insert(job->id).second) continue;
      skipped.push_back(job->id);
      report(
          file, findings, place_of(*need),
          fmt::format("the job '{}' never runs: it needs '{}', which is always skipped. Give it a condition "
                      "such as `if: ${{{{ !cancelled() }}}}`",
                      job->id, need->text));
    }
  }
}

}  // namespace workflow::lint
