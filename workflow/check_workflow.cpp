#include "workflow/check_workflow.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/strings.h"

namespace workflow {

namespace {

struct Waiting {
  const Job* job;
  std::vector<Text> needs;
};

// What still waits when everything that can start has started.
std::vector<Waiting> never_ready(const Workflow& workflow) {
  std::vector<Waiting> waiting;
  std::vector<std::string> ready;
  for (const auto& job : workflow.jobs) {
    if (job.needs.empty()) {
      ready.push_back(job.id);
    } else {
      waiting.push_back({&job, job.needs});
    }
  }
  while (!ready.empty() && !waiting.empty()) {
    const auto done = std::move(ready.back());
    ready.pop_back();
    std::erase_if(waiting, [&](Waiting& candidate) {
      std::erase_if(candidate.needs,
                    [&](const Text& need) { return base::equals_ignoring_case(need.text, done); });
      if (candidate.needs.empty()) ready.push_back(candidate.job->id);
      return candidate.needs.empty();
    });
  }
  return waiting;
}

}  // namespace

void check_needs(const Workflow& workflow, Diagnostics& diagnostics) {
  const bool can_start = std::any_of(workflow.jobs.begin(), workflow.jobs.end(),
                                     [](const Job& job) { return job.needs.empty(); });
  if (!can_start) {
    diagnostics.push_back({{workflow.path, workflow.jobs_line, workflow.jobs_column},
                           "The workflow must contain at least one job with no dependencies."});
    return;
  }
  for (const auto& [job, needs] : never_ready(workflow)) {
    for (const auto& need : needs) {
      const bool known = workflow.find_job(need.text) != nullptr;
      diagnostics.push_back(
          {{workflow.path, need.line, need.column},
           known ? fmt::format("Job '{}' depends on job '{}' which creates a cycle in the dependency graph.",
                               job->id, need.text)
                 : fmt::format("Job '{}' depends on unknown job '{}'.", job->id, need.text)});
    }
  }
}

void check_workflow(const Workflow& workflow, Diagnostics& diagnostics) {
  for (const auto& trigger : workflow.triggers) check_trigger(workflow.path, trigger, diagnostics);
  for (const auto& job : workflow.jobs) check_job(workflow.path, job, diagnostics);
  check_needs(workflow, diagnostics);
}

}  // namespace workflow
