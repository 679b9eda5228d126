#include <fmt/format.h>

#include <string_view>

#include "base/strings.h"
#include "workflow/lint/places.h"
#include "workflow/lint/rules.h"

namespace workflow::lint {

namespace {

// `concurrency` is a group, or has one.
const Node& group_of(const Node& concurrency) {
  return concurrency.is_mapping() ? concurrency["group"] : concurrency;
}

bool names_the_leg(std::string_view group) {
  return group.find("matrix") != std::string_view::npos || group.find("strategy") != std::string_view::npos;
}

}  // namespace

// The workflow holds the group until its jobs are done, and the job waits for the group: GitHub cancels the
// run "since a deadlock was detected".
void check_concurrency_deadlocks(const LintedFile& file, Diagnostics& findings) {
  const Node& outer = group_of(file.draft.workflow.concurrency);
  if (outer.text.empty()) return;
  for (const auto& job : file.draft.workflow.jobs) {
    const Node& inner = group_of(job.concurrency);
    if (!base::equals_ignoring_case(base::trim(inner.text), base::trim(outer.text))) continue;
    report(
        file, findings, inner,
        fmt::format("the job '{}' waits for its own workflow, which holds the group '{}' already: the run is "
                    "cancelled. Give one of both another group",
                    job.id, inner.text));
  }
}

void check_concurrency_of_matrices(const LintedFile& file, Diagnostics& findings) {
  for (const auto& job : file.draft.workflow.jobs) {
    const Node& group = group_of(job.concurrency);
    if (!job.strategy.matrix.present() || group.text.empty() || names_the_leg(group.text)) continue;
    if (job.concurrency["queue"].text == "max") continue;
    report(file, findings, group,
           fmt::format("all jobs of the matrix are in the group '{}': one runs, one waits, the others are "
                       "cancelled. Put a value of `matrix` into the group",
                       group.text));
  }
}

}  // namespace workflow::lint
