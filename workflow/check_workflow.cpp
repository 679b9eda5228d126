#include "workflow/check_workflow.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/similar_name.h"
#include "base/strings.h"
#include "workflow/schema.h"

namespace workflow {

namespace {

/// A job that still waits when everything that can start has started, and what it waits for.
struct Waiting {
  const Job* job;
  std::vector<Text> needs;
};

std::vector<Waiting> never_ready(const Workflow& workflow) {
  const auto& jobs = workflow.jobs;
  std::multimap<std::string_view, std::size_t, base::LessIgnoringCase> waits_for;
  std::vector<std::size_t> open(jobs.size());
  std::vector<std::size_t> ready;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    for (const auto& need : jobs[i].needs) waits_for.emplace(need.text, i);
    open[i] = jobs[i].needs.size();
    if (open[i] == 0) ready.push_back(i);
  }
  std::set<std::string_view, base::LessIgnoringCase> done;
  while (!ready.empty()) {
    const auto& id = jobs[ready.back()].id;
    ready.pop_back();
    done.insert(id);
    const auto [first, last] = waits_for.equal_range(id);
    for (auto waiting = first; waiting != last; ++waiting) {
      if (--open[waiting->second] == 0) ready.push_back(waiting->second);
    }
  }
  std::vector<Waiting> waiting;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (open[i] == 0) continue;
    waiting.push_back({&jobs[i], jobs[i].needs});
    std::erase_if(waiting.back().needs, [&](const Text& need) { return done.contains(need.text); });
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
  std::set<std::string_view, base::LessIgnoringCase> ids;
  std::size_t unknown = 0;  // nobody reads more hints than that, and each looks at all jobs
  for (const auto& job : workflow.jobs) ids.insert(job.id);
  for (const auto& [job, needs] : never_ready(workflow)) {
    for (const auto& need : needs) {
      const bool known = ids.contains(need.text);
      diagnostics.push_back(
          {{workflow.path, need.line, need.column},
           known ? fmt::format("Job '{}' depends on job '{}' which creates a cycle in the dependency graph.",
                               job->id, need.text)
                 : fmt::format("Job '{}' depends on unknown job '{}'.", job->id, need.text)});
      if (known || ++unknown > kMaxDiagnostics) continue;
      if (const auto near = base::similar_name(need.text, ids))
        diagnostics.back().hint = fmt::format("did you mean '{}'?", *near);
    }
  }
}

void check_workflow(const Workflow& workflow, Diagnostics& diagnostics) {
  for (const auto& trigger : workflow.triggers) check_trigger(workflow.path, trigger, diagnostics);
  check_concurrency(workflow.path, workflow.concurrency, diagnostics);
  for (const auto& job : workflow.jobs) check_job(workflow.path, job, diagnostics);
}

}  // namespace workflow
