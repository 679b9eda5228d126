// Any text as a workflow file: loaded, linted, and planned when it is one.

#include <algorithm>

#include "tests/fuzz/promise.h"
#include "workflow/lint/lint.h"
#include "workflow/load_workflow.h"
#include "workflow/plan.h"

using fuzz::promise;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto text = fuzz::text_of(bytes, size);
  const int lines = static_cast<int>(std::count(text.begin(), text.end(), '\n')) + 1;
  const auto problems = workflow::lint::lint("fuzz.yml", text, {}, {});
  for (const auto& problem : problems) {
    promise(!problem.message.empty(), "each problem says something");
    promise(problem.location.line <= lines + 1, "each problem has a place in the text");
  }
  const auto loaded = workflow::load_workflow("fuzz.yml", text);
  promise(loaded.diagnostics.size() <= workflow::kMaxDiagnostics, "a run shows no more problems than GitHub");
  promise(loaded.workflow.has_value() == loaded.diagnostics.empty(), "a file is loaded or has a problem");
  if (!loaded.workflow) return 0;
  const auto plan = workflow::make_plan(*loaded.workflow, {}, std::nullopt);
  if (plan) promise(plan->groups.size() == loaded.workflow->jobs.size(), "each job is in the plan");
  return 0;
}
