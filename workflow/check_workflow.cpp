#include "workflow/check_workflow.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "base/strings.h"
#include "workflow/schema.h"

namespace workflow {

namespace {

class Checker {
 public:
  Checker(const Workflow& workflow, Diagnostics& diagnostics)
      : workflow_(workflow), diagnostics_(diagnostics) {}

  void run() {
    if (workflow_.jobs.empty()) report(0, 0, "A workflow needs at least one job");
    for (const auto& job : workflow_.jobs) check_job(job);
    check_cycles();
    for (const auto& trigger : workflow_.triggers) check_trigger(trigger);
  }

 private:
  void check_job(const Job& job) {
    if (job.uses) {
      if (!job.steps.empty())
        report(job, fmt::format("The job '{}' calls a workflow, so it may have no steps", job.id));
      if (job.runs_on.present())
        report(job, fmt::format("The job '{}' calls a workflow, so it may have no runs-on", job.id));
    } else {
      if (!job.runs_on.present()) report(job, "Required property is missing: runs-on");
      if (job.steps.empty()) report(job, "Required property is missing: steps");
    }
    for (const auto& need : job.needs) {
      if (workflow_.find_job(need.text) == nullptr) {
        report(need.line, need.column,
               fmt::format("Job '{}' depends on unknown job '{}'.", job.id, need.text));
      }
    }
    if (job.strategy.matrix.is_mapping() && job.strategy.matrix.members.empty()) {
      report(job.strategy.matrix.line, job.strategy.matrix.column, "Matrix must define at least one vector");
    }
  }

  // Depth first with three colours; a path is reported once, at the job where it closes.
  void check_cycles() {
    std::map<std::string, int> colours;
    std::function<bool(const Job&)> visit = [&](const Job& job) {
      auto& colour = colours[base::to_lower(job.id)];
      if (colour == 2) return false;
      if (colour == 1) {
        report(job, fmt::format("Job '{}' depends on itself through its needs.", job.id));
        return true;
      }
      colour = 1;
      for (const auto& need : job.needs) {
        if (const auto* needed = workflow_.find_job(need.text); needed != nullptr && visit(*needed))
          return true;
      }
      colours[base::to_lower(job.id)] = 2;
      return false;
    };
    for (const auto& job : workflow_.jobs) {
      if (visit(job)) return;
    }
  }

  void check_trigger(const Trigger& trigger) {
    if (trigger.event.empty()) return;
    const auto& known = workflow_rule().keys.front().value.mapping->keys;
    const bool exists =
        std::any_of(known.begin(), known.end(), [&](const KeyRule& key) { return key.key == trigger.event; });
    if (!exists)
      report(0, 0, fmt::format("Unexpected value '{}' of 'on': there is no such event", trigger.event));
    const auto exclusive = [&](const auto& a, const auto& b, std::string_view name) {
      if (!a.empty() && !b.empty()) {
        report(trigger.config.line, trigger.config.column,
               fmt::format("you may only define one of `{}` and `{}-ignore` for a single event", name, name));
      }
    };
    exclusive(trigger.branches, trigger.branches_ignore, "branches");
    exclusive(trigger.tags, trigger.tags_ignore, "tags");
    exclusive(trigger.paths, trigger.paths_ignore, "paths");
  }

  void report(const Job& job, std::string message) { report(job.line, job.column, std::move(message)); }
  void report(int line, int column, std::string message) {
    diagnostics_.push_back({{workflow_.path, line, column}, std::move(message)});
  }

  const Workflow& workflow_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_workflow(const Workflow& workflow, Diagnostics& diagnostics) {
  Checker(workflow, diagnostics).run();
}

}  // namespace workflow
