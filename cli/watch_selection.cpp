#include "cli/watch_selection.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/strings.h"
#include "steps/builtin_actions.h"

namespace cli {

namespace {

using workflow::Job;
using workflow::Workflow;

/// Whether a step may bring files of the repository into its job. Of an action that is fetched nobody knows.
bool may_see_files(const workflow::Step& step, const std::vector<std::string>& no_builtin) {
  if (!step.uses) return false;
  const std::string_view name = std::string_view(step.uses->text).substr(0, step.uses->text.find('@'));
  for (const std::string_view reader : {"actions/checkout", "docker/build-push-action"}) {
    if (base::equals_ignoring_case(name, reader)) return true;
  }
  return steps::builtin_for(step.uses->text, no_builtin) == nullptr;
}

bool may_see_files(const Job& job, const std::vector<std::string>& no_builtin) {
  if (job.uses) return true;
  return std::any_of(job.steps.begin(), job.steps.end(), [&](const workflow::Step& step) {
    return may_see_files(step, no_builtin) ||
           std::any_of(step.parallel.begin(), step.parallel.end(),
                       [&](const auto& inner) { return may_see_files(inner, no_builtin); });
  });
}

base::Json written(const Workflow& workflow, std::string_view key) {
  return workflow.root ? to_json((*workflow.root)[key]) : base::Json();
}

/// The parts of the file that every job goes by.
bool common_parts_differ(const Workflow& now, const Workflow& before) {
  for (const char* key : {"env", "defaults", "permissions", "concurrency"}) {
    if (written(now, key) != written(before, key)) return true;
  }
  return false;
}

std::set<std::string> jobs_written_anew(const Workflow& now, const Workflow& before) {
  std::set<std::string> changed;
  const bool all = common_parts_differ(now, before);
  const base::Json jobs = written(now, "jobs");
  const base::Json old = written(before, "jobs");
  for (const Job& job : now.jobs) {
    if (all || base::json_member(jobs, job.id) != base::json_member(old, job.id)) changed.insert(job.id);
  }
  return changed;
}

/// Adds every job that needs one of them, and so on.
void add_those_that_need(const Workflow& workflow, std::set<std::string>& jobs) {
  for (std::size_t before = 0; before != jobs.size();) {
    before = jobs.size();
    for (const Job& job : workflow.jobs) {
      for (const auto& need : job.needs) {
        if (jobs.contains(need.text)) jobs.insert(job.id);
      }
    }
  }
}

}  // namespace

AffectedJobs affected_jobs(const WorkflowChange& change) {
  const Workflow& now = change.now;
  std::set<std::string> found;
  bool others = false;
  for (const std::string& path : change.changed) {
    if (path == change.file) {
      found.merge(jobs_written_anew(now, change.before));
    } else {
      others = true;
    }
  }
  if (others) {
    for (const Job& job : now.jobs) {
      if (may_see_files(job, change.no_builtin)) found.insert(job.id);
    }
  }
  add_those_that_need(now, found);
  AffectedJobs affected;
  for (const Job& job : now.jobs) {
    if (found.contains(job.id)) affected.jobs.push_back(job.id);
  }
  if (affected.jobs.empty()) {
    affected.reason =
        others ? "no job of it looks at the repository" : "none of its jobs is written otherwise";
  } else if (affected.jobs.size() == now.jobs.size()) {
    affected.reason = "all jobs";
  } else {
    affected.reason = base::join(affected.jobs, ", ");
  }
  return affected;
}

Workflow keep_jobs(const Workflow& workflow, const std::vector<std::string>& jobs) {
  std::set<std::string> kept(jobs.begin(), jobs.end());
  for (std::size_t before = 0; before != kept.size();) {
    before = kept.size();
    for (const Job& job : workflow.jobs) {
      if (!kept.contains(job.id)) continue;
      for (const auto& need : job.needs) kept.insert(need.text);
    }
  }
  Workflow smaller = workflow;
  std::erase_if(smaller.jobs, [&kept](const Job& job) { return !kept.contains(job.id); });
  return smaller;
}

}  // namespace cli
