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

// The shortest way from a job by one of its needs back to it, as "a -> b -> a"; "" when there is none.
std::string cycle_of(const std::vector<Waiting>& waiting, const Job& job, const Text& first) {
  std::map<std::string_view, const Waiting*, base::LessIgnoringCase> by_id;
  for (const auto& each : waiting) by_id.emplace(each.job->id, &each);
  std::map<std::string_view, const Waiting*, base::LessIgnoringCase> reached_from{{first.text, nullptr}};
  std::vector<std::string_view> reached{first.text};
  for (std::size_t i = 0; i < reached.size() && !reached_from.contains(job.id); ++i) {
    const auto found = by_id.find(reached[i]);
    if (found == by_id.end()) continue;
    for (const auto& need : found->second->needs) {
      if (reached_from.emplace(need.text, found->second).second) reached.push_back(need.text);
    }
  }
  if (!reached_from.contains(job.id)) return "";
  std::vector<std::string> ids{job.id};
  for (const auto* before = reached_from.at(job.id); before != nullptr;
       before = reached_from.at(before->job->id))
    ids.push_back(before->job->id);
  ids.push_back(job.id);
  std::reverse(ids.begin(), ids.end());
  constexpr std::size_t kMostShown = 20;
  if (ids.size() > kMostShown) {
    const auto middle = ids.begin() + kMostShown / 2;
    ids.erase(middle, ids.end() - kMostShown / 2);
    ids.insert(ids.begin() + kMostShown / 2, "…");
  }
  return base::join(ids, " -> ");
}

std::string hint_of_cycle(const std::vector<Waiting>& waiting, const Job& job, const Text& need) {
  const auto cycle = cycle_of(waiting, job, need);
  return cycle.empty() ? "" : "the cycle is " + cycle;
}

std::string hint_of_first_cycle(const std::vector<Waiting>& waiting) {
  std::size_t tried = 0;  // each looks at all jobs
  for (const auto& [job, needs] : waiting) {
    for (const auto& need : needs) {
      if (++tried > kMaxDiagnostics) return "";
      if (auto hint = hint_of_cycle(waiting, *job, need); !hint.empty()) return hint;
    }
  }
  return "";
}

}  // namespace

void check_needs(const Workflow& workflow, Diagnostics& diagnostics) {
  const auto waiting = never_ready(workflow);
  const bool can_start = std::any_of(workflow.jobs.begin(), workflow.jobs.end(),
                                     [](const Job& job) { return job.needs.empty(); });
  if (!can_start) {
    diagnostics.push_back({{workflow.path, workflow.jobs_line, workflow.jobs_column},
                           "The workflow must contain at least one job with no dependencies."});
    diagnostics.back().hint = hint_of_first_cycle(waiting);
    return;
  }
  std::set<std::string_view, base::LessIgnoringCase> ids;
  std::size_t hints = 0;  // nobody reads more than so many, and each looks at all jobs
  for (const auto& job : workflow.jobs) ids.insert(job.id);
  for (const auto& [job, needs] : waiting) {
    for (const auto& need : needs) {
      const bool known = ids.contains(need.text);
      diagnostics.push_back(
          {{workflow.path, need.line, need.column},
           known ? fmt::format("Job '{}' depends on job '{}' which creates a cycle in the dependency graph.",
                               job->id, need.text)
                 : fmt::format("Job '{}' depends on unknown job '{}'.", job->id, need.text)});
      if (++hints > kMaxDiagnostics) continue;
      if (known)
        diagnostics.back().hint = hint_of_cycle(waiting, *job, need);
      else if (const auto near = base::similar_name(need.text, ids))
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
